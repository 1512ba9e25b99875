"""Generated from protos/warifu/api/hub. Do not edit."""
