"""Generated from protos/warifu/api/authority/v1. Do not edit."""
