"""Generated from protos/warifu/api/adapter/v1. Do not edit."""
