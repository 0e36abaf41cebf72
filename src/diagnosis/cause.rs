//! Every cause that is told apart.

/// Names each cause once, for the enum and for the list of all.
macro_rules! causes {
    ($($(#[doc = $doc:literal])? $name:ident,)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Cause {
            $($(#[doc = $doc])? $name,)*
        }

        impl Cause {
            pub(super) const ALL: &[Self] = &[$(Self::$name,)*];
        }
    };
}

causes! {
    // The token.
    NoToken,
    TokenUnreadable,
    NoRefreshToken,
    AccessTokenRefused,
    RefreshRefused,
    // The account.
    AccountDeactivated,
    PasswordReset,
    TermsOfService,
    EmailUnconfirmed,
    TrialEnded,
    DeviceRefused,
    ServiceBlocked,
    GracePeriodOver,
    AddressBlocked,
    SignInForbidden,

    // The app.
    ClientRefused,
    AppNotAuthorized,
    /// Box refuses the app, and rclone does not pass on why.
    AppRefused,
    GrantTypeRefused,
    SubjectRefused,
    /// The app lacks what acting for a user takes.
    UserTokensOff,
    // A service account's config.json.
    JwtFileMissing,
    JwtPathNotAbsolute,
    JwtFileBad,
    JwtKeyLocked,
    JwtKeyUnknown,
    JwtSubject,
    JwtRefused,
    ClockOff,
    // The browser.
    PersonRefused,
    PageRefused,
    NoCode,
    StateMismatch,
    RedirectMismatch,
    CodeOver,
    NobodyCame,
    PortTaken,
    // What Box allows.
    ScopeMissing,
    NotAllowed,
    RootRefused,
    ItemLocked,
    ItemBusy,
    ChangedMeanwhile,
    LocationBlocked,
    PolicyBlocked,
    MayNotImpersonate,
    UserUnknown,
    NotFound,
    InTrash,
    StorageFull,
    FileTooLarge,
    NameInUse,
    // The way to Box.
    NoSuchHost,
    Unreachable,
    BrokeOff,
    ProxyUnreachable,
    ProxyAuth,
    ProxyRefused,
    /// `https://` for a proxy that speaks plain HTTP.
    ProxyScheme,
    /// Without a reason of Box's own.
    RefusedOnTheWay,
    MethodRefused,
    PlainHttp,
    NotBox,
    CertificateUnknown,
    CertificateDate,
    CaUnreadable,
    TimedOut,
    RateLimited,
    BoxDown,
    // rclone itself.
    OptionRefused,
    EnvironmentRefused,
    TooManyFiles,
    TooOld,
    /// The one release that cannot sign in service accounts.
    JwtBroken,
    Crashed,
    Killed,
    DiskFull,
    Unknown,
}

/// What can be looked up to explain a cause better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    Clock,
    Account,
    ConfigFile,
    Proxy,
}

impl Cause {
    pub(crate) fn worth_a_look(self) -> Option<Look> {
        match self {
            Self::ClockOff => Some(Look::Clock),
            Self::StorageFull | Self::FileTooLarge | Self::NotFound | Self::NotAllowed => Some(Look::Account),
            Self::ProxyUnreachable | Self::ProxyAuth | Self::ProxyRefused | Self::ProxyScheme => Some(Look::Proxy),
            Self::JwtFileBad | Self::JwtKeyLocked | Self::JwtRefused | Self::Crashed => Some(Look::ConfigFile),
            _ => None,
        }
    }
}
