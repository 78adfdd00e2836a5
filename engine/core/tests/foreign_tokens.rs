//! Tokens that were made elsewhere: what passes, what is offered, and what a live view holds while a record moves.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails here says where")]

use tollgate_core::{
    DenyReason, DigestKey, Field, Foreign, ForeignDigest, ForeignForm, ForeignForms, LiveView, LiveWriter, NetworkRule,
    Networks, OperationSet, RequestParts, ServerRecord, Timestamp, TokenDigest, TokenId, TokenKind, TokenRecord,
    TokenStatus, Upgrade, UserId, UserRecord, Validity, Verdict, check,
};

const TEXT: &str = "key_live_4eC39HqLyjWDarjtT1zdp7dc";
const SCHEMES: [ForeignForm; 3] = [ForeignForm::Sha256, ForeignForm::Sha512, ForeignForm::Blake3];

struct World {
    view: LiveView,
    writer: LiveWriter,
}

impl World {
    fn new(forms: ForeignForms) -> Self {
        let (view, writer) = LiveView::new(DigestKey::new([7; 32]));
        let mut world = Self { view, writer };
        world.accept(forms);
        let user = UserRecord {
            id: UserId(1),
            name: "alice".parse().unwrap(),
            active: true,
            operations: OperationSet::ALL,
            per_hour: tollgate_core::Limit::Inherit,
            concurrent: tollgate_core::Limit::Inherit,
            networks: Networks::default(),
            password_epoch: 0,
        };
        world.writer.put_user(&user).unwrap();
        world
    }

    fn accept(&mut self, forms: ForeignForms) {
        let loopback: NetworkRule = "127.0.0.0/8".parse().unwrap();
        let server = ServerRecord {
            foreign_tokens: forms,
            networks: Networks {
                trusted: vec![loopback.range()],
                banned: vec![],
            },
            ..ServerRecord::default()
        };
        self.writer.set_server(&server).unwrap();
    }

    /// What a token in this form stands under.
    fn digest(&self, form: ForeignForm) -> TokenDigest {
        let text = Foreign::parse(TEXT.as_bytes()).ok().unwrap();
        match ForeignDigest::of(form, text) {
            None => self.view.foreign(text),
            Some(digest) => self.view.foreign_digest(&digest),
        }
    }

    fn put(&mut self, form: ForeignForm) {
        let record = TokenRecord {
            id: TokenId(5),
            kind: TokenKind::Authtoken,
            digest: self.digest(form),
            user: UserId(1),
            status: TokenStatus::Active,
            validity: Validity::ALWAYS,
            authority: None,
        };
        self.writer.put_token(&record).unwrap();
    }

    /// The offer of a permit, or the reason of a denial.
    fn ask(&self, token: &str) -> Result<Option<Upgrade>, DenyReason> {
        let bearer = format!("Bearer {token}");
        let request = RequestParts {
            method: b"GET",
            peer: "127.0.0.1".parse().ok(),
            authorization: Field::Once(bearer.as_bytes()),
            ..RequestParts::default()
        };
        match check(&self.view, &request, Timestamp::from_millis(1)) {
            Verdict::Permit(permit) => Ok(permit.upgrade(&request)),
            Verdict::Denial(denial) => Err(denial.reason),
        }
    }
}

/// Every set of forms against every form in which the token can have come.
#[test]
fn a_token_passes_where_its_form_is_accepted_and_one_in_clear_where_any_is() {
    for (bits, form) in (0..16).flat_map(|bits| ForeignForm::ALL.map(|form| (bits, form))) {
        let forms = ForeignForms::from_bits(bits);
        let mut world = World::new(forms);
        assert_eq!(world.ask(TEXT), Err(DenyReason::UnknownToken), "no record yet");
        world.put(form);
        let accepted = forms.contains(form) || (form == ForeignForm::Clear && !forms.is_empty());
        let passes = world.ask(TEXT).is_ok();
        assert_eq!(passes, accepted, "{form} where `{forms}` is accepted");
    }
}

#[test]
fn an_offer_leads_from_the_digest_of_a_scheme_to_that_of_the_text_and_ends_there() {
    for form in SCHEMES {
        let mut world = World::new(ForeignForms::ALL);
        world.put(form);
        let upgrade = world.ask(TEXT).unwrap().unwrap();
        let (from, to) = (world.digest(form), world.digest(ForeignForm::Clear));
        let expected = Upgrade {
            token: TokenId(5),
            from,
            to,
        };
        assert_eq!(upgrade, expected);
        assert_eq!(world.ask(TEXT), Ok(Some(expected)), "an offer that is not taken stands");

        world.put(ForeignForm::Clear);
        assert_eq!(world.ask(TEXT), Ok(None), "one id under two digests");
        assert_eq!(world.writer.counts(), (1, 2));
        world.writer.remove_token(&from);
        assert_eq!(world.ask(TEXT), Ok(None));
        assert_eq!(world.writer.counts(), (1, 1));
        assert!(world.view.token(&from).is_none());
        assert_eq!(world.view.token(&to).map(|token| token.id), Some(TokenId(5)));
        world.writer.remove_token(&from);
        assert_eq!(world.writer.counts(), (1, 1), "what is gone is not taken away twice");
    }
}

/// Whoever has read the digests that were imported has no token.
#[test]
fn what_was_imported_as_a_digest_does_not_pass_as_one() {
    for form in SCHEMES {
        let mut world = World::new(ForeignForms::ALL);
        world.put(form);
        let digest = ForeignDigest::of(form, Foreign::parse(TEXT.as_bytes()).ok().unwrap()).unwrap();
        let digits: String = digest.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(world.ask(&digits), Err(DenyReason::UnknownToken));
        assert_eq!(world.ask(&format!("{form}:{digits}")), Err(DenyReason::UnknownToken));
        assert!(world.ask(TEXT).is_ok(), "the twin: the text itself");
    }
}

#[test]
fn the_forms_of_the_server_are_read_back_and_changed_by_themselves() {
    let mut world = World::new(ForeignForms::NONE);
    for bits in 0..16 {
        let forms = ForeignForms::from_bits(bits);
        world.accept(forms);
        let server = world.view.server();
        assert_eq!(server.foreign_tokens, forms);
        assert!(!server.authtoken_in_url && !server.allow_preflight);
    }
}
