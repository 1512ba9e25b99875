"""Generated from protos/warifu/api/record. Do not edit."""
