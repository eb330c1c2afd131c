"""docker_auth's access list translated into a policy, as far as that can be done exactly.

There the first entry that matches decides; here all allow rules are united and deny rules take away. What is emitted
never grants more than docker_auth does, and exactly as much wherever no entry had to be left out.
Source: docker_auth, auth_server/authz/acl.go and examples/reference.yml.
"""

from .entries import read_acl
from .translate import Translation, translate
from .write import write_policy

__all__ = ["Translation", "read_acl", "translate", "write_policy"]
