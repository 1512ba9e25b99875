"""Generated from protos/warifu/api/node. Do not edit."""
