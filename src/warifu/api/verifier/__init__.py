"""Generated from protos/warifu/api/verifier. Do not edit."""
