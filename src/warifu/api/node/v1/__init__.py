"""Generated from protos/warifu/api/node/v1. Do not edit."""
