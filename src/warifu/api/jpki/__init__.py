"""Generated from protos/warifu/api/jpki. Do not edit."""
