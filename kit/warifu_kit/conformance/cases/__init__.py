"""Every case, a folder for each kind of party and a file for each subject. A file more is found by itself."""
