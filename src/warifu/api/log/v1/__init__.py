"""Generated from protos/warifu/api/log/v1. Do not edit."""
