"""Generated from protos/warifu/api/hub/v1. Do not edit."""
