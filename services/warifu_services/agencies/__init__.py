"""The kinds of agency that come with warifu, one small file each; none of them knows another."""
