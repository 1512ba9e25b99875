"""Generated from protos/warifu/api/type/v1. Do not edit."""
