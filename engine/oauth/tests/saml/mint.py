"""Signs documents as identity providers do that are written over signxml: a list of orders in JSON comes in, a list of texts goes out.

Each order has `xml`, `key`, `certificate`, `signature` and `digest`, `prefixes` for the list of inclusive namespaces of SignedInfo, and `weak` where
an algorithm is asked for that signxml refuses by default.
"""

import json
import sys

from lxml import etree
from signxml import SignatureReference, XMLSigner, methods

ASSERTION = "{urn:oasis:names:tc:SAML:2.0:assertion}Assertion"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"


class Weak(XMLSigner):
    def check_deprecated_methods(self):
        pass


def sign(order):
    root = etree.fromstring(order["xml"].encode())
    for place in root.iter("{http://www.w3.org/2000/09/xmldsig#}Signature"):
        # What signxml looks for.
        place.set("Id", "place" + "holder")
    target = root if root.tag == ASSERTION else root.find(ASSERTION)
    signer = (Weak if order["weak"] else XMLSigner)(
        method=methods.enveloped,
        signature_algorithm=order["signature"],
        digest_algorithm=order["digest"],
        c14n_algorithm=order["canonicalization"] or EXCLUSIVE,
    )
    signed = signer.sign(
        target,
        key=order["key"],
        cert=order["certificate"],
        # For enveloped signatures signxml writes no list into the transform, so it must digest without one.
        reference_uri=[SignatureReference(URI="#" + target.get("ID"), inclusive_ns_prefixes=[])],
        inclusive_ns_prefixes=order["prefixes"] or None,
        id_attribute="ID",
    )
    if target is not root:
        target.getparent().replace(target, signed)
    else:
        root = signed
    return etree.tostring(root).decode()


print(json.dumps([sign(order) for order in json.load(sys.stdin)]))
