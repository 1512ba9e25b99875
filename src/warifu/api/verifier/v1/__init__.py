"""Generated from protos/warifu/api/verifier/v1. Do not edit."""
