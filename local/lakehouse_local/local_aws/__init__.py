"""The local AWS: ministack with adapters for what it leaves out, one file each."""
