"""Generated from protos/warifu/api/directory/v1. Do not edit."""
