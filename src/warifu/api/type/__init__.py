"""Generated from protos/warifu/api/type. Do not edit."""
