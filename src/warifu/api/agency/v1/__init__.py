"""Generated from protos/warifu/api/agency/v1. Do not edit."""
