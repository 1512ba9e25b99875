"""Generated from protos/warifu/api/party. Do not edit."""
