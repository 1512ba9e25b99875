"""Generated from protos/warifu/api/agency. Do not edit."""
