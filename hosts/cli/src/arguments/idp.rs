//! Identity providers elsewhere.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use tollgate::{Audience, SubjectMapping};

/// About identity providers elsewhere.
#[derive(Subcommand)]
pub(crate) enum IdpVerb {
    /// Take the SAML assertions of an identity provider, or change how far
    #[command(after_help = "Examples:
  tollgate idp add --metadata idp.xml --audience https://auth.example.org
  tollgate idp add https://idp.example.com/metadata --certificate old.pem --certificate new.pem --audience https://auth.example.org
  tollgate idp add --metadata idp.xml --audience https://auth.example.org --subject attribute:email --create-users

A client with the grant saml2 presents a signed assertion and gets a token for the user whom it names: as `token` with
grant_type=saml2 at /identity/connect/token, or as `assertion` at /oauth2/token (RFC 7522). Have the provider sign the assertion
itself, for this audience, with the token endpoint as recipient; encrypted assertions are not supported. Each is good once.
Whoever holds the provider's keys may name any user here. A signature of the metadata is not looked at: bring the file by a way that
you trust. What was said of the same provider before is replaced.")]
    Add(NewIdp),
    /// List all identity providers
    #[command(after_help = "Example:
  tollgate idp list --json")]
    List,
    /// Show an identity provider with its certificates
    #[command(after_help = "Example:
  tollgate idp show https://idp.example.com/metadata")]
    Show {
        /// Its entity ID
        issuer: String,
    },
    /// Take the assertions of an identity provider no more; when the command returns, they are refused
    #[command(after_help = "Example:
  tollgate idp remove https://idp.example.com/metadata

Tokens that they were exchanged for go on until they end.")]
    Remove {
        /// Its entity ID
        issuer: String,
    },
}

/// An identity provider.
#[derive(Args)]
pub(crate) struct NewIdp {
    /// Its entity ID, to the letter; with --metadata it may be left out
    #[arg(required_unless_present = "metadata")]
    pub(crate) issuer: Option<String>,
    /// A file with its metadata, which names it and has its certificates
    #[arg(long, value_name = "FILE", required_unless_present = "certificates")]
    pub(crate) metadata: Option<PathBuf>,
    /// A file with a certificate that it signs with, in PEM or DER; may be given more than once
    #[arg(long = "certificate", value_name = "FILE")]
    pub(crate) certificates: Vec<PathBuf>,
    /// Whom its assertions must be meant for; may be given more than once
    #[arg(long = "audience", value_name = "AUDIENCE", required = true)]
    pub(crate) audiences: Vec<Audience>,
    /// What they must name as recipient [default: the token endpoint that is asked]
    #[arg(long, value_name = "URL")]
    pub(crate) recipient: Option<String>,
    /// What names the user: nameid, or attribute:NAME [default: nameid]
    #[arg(long, value_name = "WHAT")]
    pub(crate) subject: Option<SubjectMapping>,
    /// How far its clock may differ from ours, in seconds, up to 300 [default: 60]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) skew: Option<u32>,
    /// Add users who are not there, instead of refusing them
    #[arg(long)]
    pub(crate) create_users: bool,
}
