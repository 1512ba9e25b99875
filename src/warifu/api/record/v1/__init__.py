"""Generated from protos/warifu/api/record/v1. Do not edit."""
