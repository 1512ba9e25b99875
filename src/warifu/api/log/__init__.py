"""Generated from protos/warifu/api/log. Do not edit."""
