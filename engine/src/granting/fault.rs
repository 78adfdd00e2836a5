//! Why nothing was granted, where nothing was used up either.

/// Why a grant was refused. Nothing has changed; callers outside should not be told these apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GrantFault {
    /// There is no such code, refresh token, session or family.
    #[error("expected something that was issued here and is still kept, but it is unknown")]
    Unknown,
    /// Its time is over.
    #[error("expected something whose time is not over, but it has expired")]
    Expired,
    /// The family was revoked.
    #[error("expected a grant that holds, but it was revoked: ask the user again")]
    Revoked,
    /// The client is not there any more, is another one of the same name, or is disabled.
    #[error("expected a client that is enabled, but it is disabled or was removed")]
    ClientUnusable,
    /// The client may not use this grant.
    #[error("expected a grant that the client is allowed, but it is not: change the client's grants, or use another")]
    GrantNotAllowed,
    /// The user is inactive, or is not there any more.
    #[error("expected a user who is active, but the user is inactive or was removed")]
    UserUnusable,
    /// A client acts by its own credential as somebody else than it may.
    #[error("expected the user whom the client acts as where it presents no other credential, but found another")]
    OtherUser,
    /// A client that shows no secret asked for a code without a challenge: whoever saw the code could redeem it.
    #[error("expected a PKCE challenge, because the client shows no secret")]
    NoChallenge,
    /// More was asked for than was granted, or than the client may have.
    #[error("expected no more scopes and audiences than were granted and the client may have")]
    Beyond,
    /// The client wants the user's consent, and there is none that covers what is asked for.
    #[error("expected the user's consent to all of these scopes: ask the user, and give it first")]
    NoConsent,
    /// The session in which it was granted has ended.
    #[error("expected the session to go on in which this was granted, but it has ended")]
    SessionEnded,
    /// The text of a JWT stands for a token already, which is not the one that was asked for or was taken back.
    #[error("expected a JWT that was not issued before: sign another, with an identifier or moments of its own")]
    IssuedBefore,
    /// A lifetime of nothing, or of more than a year.
    #[error("expected a lifetime of 1 to 31536000 seconds")]
    Lifetime,
    /// A text that is too long to be kept.
    #[error("expected a shorter text: at most 2000 bytes for an address, and 1000 for a nonce or a key's name")]
    TooLong,
}
