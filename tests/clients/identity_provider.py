"""An identity provider over signxml: a key with its certificate and metadata, and one signed assertion for each order."""

import base64
import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from lxml import etree
from signxml import XMLSigner, methods

from talk import settings, tell

given = settings()
now = datetime.datetime.now(datetime.timezone.utc)
key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "idp.example")])
certificate = (
    x509.CertificateBuilder()
    .subject_name(name)
    .issuer_name(name)
    .public_key(key.public_key())
    .serial_number(1)
    .not_valid_before(now)
    .not_valid_after(now + datetime.timedelta(days=1))
    .sign(key, hashes.SHA256())
)
pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
der = base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()
metadata = f"""<?xml version="1.0"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{given["issuer"]}">
  <md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>
      <ds:X509Certificate>{der}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
  </md:IDPSSODescriptor>
</md:EntityDescriptor>"""
tell("provider", certificate=pem, metadata=metadata)

# What signxml looks for.
PLACE = '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Id="{}"/>'.format("place" + "holder")


def moment(minutes):
    return (now + datetime.timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def assertion(order):
    text = f"""<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="{order["id"]}" Version="2.0" IssueInstant="{moment(0)}">
<saml:Issuer>{given["issuer"]}</saml:Issuer>{PLACE}
<saml:Subject><saml:NameID>{order["user"]}</saml:NameID>
<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">
<saml:SubjectConfirmationData NotOnOrAfter="{moment(30)}" Recipient="{order["recipient"]}"/></saml:SubjectConfirmation></saml:Subject>
<saml:Conditions NotBefore="{moment(-1)}" NotOnOrAfter="{moment(30)}">
<saml:AudienceRestriction><saml:Audience>{given["audience"]}</saml:Audience></saml:AudienceRestriction></saml:Conditions>
</saml:Assertion>"""
    root = etree.fromstring(text.encode())
    signer = XMLSigner(
        method=methods.enveloped,
        signature_algorithm="rsa-sha256",
        digest_algorithm="sha256",
        c14n_algorithm="http://www.w3.org/2001/10/xml-exc-c14n#",
    )
    signed = signer.sign(root, key=key, cert=pem, reference_uri="#" + order["id"], id_attribute="ID")
    return etree.tostring(signed).decode()


tell("signed", assertions=[assertion(order) for order in given["assertions"]])
