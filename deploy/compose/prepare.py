"""Makes a signing key where there is none yet, and the bundle with which the registry believes it."""

import os
import subprocess
from pathlib import Path

_BRIDGE = 65532  # the user of the image
_KEYS, _BUNDLE = Path("/keys"), Path("/bundle/bundle.pem")
_COMMAND = ["ldap-token-bridge", "keys"]

if not any(_KEYS.glob("*.key")):
    subprocess.run([*_COMMAND, "new", "--keys-dir", str(_KEYS)], check=True)  # noqa: S603 -- words of its own
listing = [*_COMMAND, "bundle", "--keys-dir", str(_KEYS)]
bundle = subprocess.run(listing, check=True, stdout=subprocess.PIPE).stdout  # noqa: S603 -- words of its own
# At once, for a registry that starts meanwhile.
new = _BUNDLE.with_suffix(".new")
new.write_bytes(bundle)
new.replace(_BUNDLE)
for path in (_KEYS, *_KEYS.iterdir()):
    os.chown(path, _BRIDGE, _BRIDGE)
