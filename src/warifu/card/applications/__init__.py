"""The applications on the chip, one small file each: its identifier, files, PINs and keys, written from a personalisation."""
