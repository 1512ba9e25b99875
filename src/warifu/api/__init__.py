"""Generated from protos/warifu/api. Do not edit."""
