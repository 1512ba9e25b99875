"""The hub: decides who may ask whom, translates codes blindly, logs every exchange. It can open nothing."""
