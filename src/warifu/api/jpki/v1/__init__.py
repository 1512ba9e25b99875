"""Generated from protos/warifu/api/jpki/v1. Do not edit."""
