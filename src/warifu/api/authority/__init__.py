"""Generated from protos/warifu/api/authority. Do not edit."""
