"""Generated from protos/warifu/api/party/v1. Do not edit."""
