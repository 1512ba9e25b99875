"""Generated from protos/warifu/api/directory. Do not edit."""
