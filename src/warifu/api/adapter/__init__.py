"""Generated from protos/warifu/api/adapter. Do not edit."""
