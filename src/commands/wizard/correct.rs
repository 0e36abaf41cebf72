//! After a failure: the answers that may be wrong are offered for correction, and all others are kept.

use super::{Answers, menu};
use crate::error::{Error, Field, Result};
use crate::storage::options;
use crate::storage::sign_in::Kind;
use crate::ui::prompt::{self, Item};

/// What to do after a failure.
pub(in super::super) enum Next {
    Again,
    GiveUp,
}

/// Offers to correct one of the answers, to try again, or to give up.
pub(in super::super) fn correct(answers: &mut Answers, error: &Error) -> Result<Next> {
    let fields: Vec<Field> = error.fields.iter().copied().filter(|field| belongs(answers, *field)).collect();
    let mut titles: Vec<String> = fields.iter().map(|field| format!("Correct {}", name(*field))).collect();
    titles.push("Try again".into());
    titles.push("Give up".into());
    let items: Vec<_> = titles.iter().map(|title| Item { title, meaning: "" }).collect();
    // An Enter too many while rclone was busy is no answer to this.
    prompt::forget_typed();
    let chosen = prompt::must_choose("What now?", &items)?;
    if chosen == items.len() - 1 {
        return Ok(Next::GiveUp);
    }
    if let Some(&field) = fields.get(chosen) {
        answers.forget(field);
        if let Field::Option(key) = field {
            if let Some(spec) = options::spec(key) {
                menu::ask(&mut answers.options, spec)?;
            }
        }
    }
    Ok(Next::Again)
}

/// Whether the present way to sign in has this answer at all.
fn belongs(answers: &Answers, field: Field) -> bool {
    match field {
        Field::ClientId | Field::ClientSecret => {
            matches!(answers.sign_in, Some(Kind::OwnApp | Kind::ClientCredentials))
        }
        Field::Token => matches!(answers.sign_in, Some(Kind::Quick | Kind::OwnApp)),
        Field::AccessToken => answers.sign_in == Some(Kind::AccessToken),
        Field::BoxConfigFile => answers.sign_in == Some(Kind::Jwt),
        Field::BoxSubject => answers.sign_in == Some(Kind::ClientCredentials),
        Field::Name | Field::SignIn | Field::Option(_) => true,
    }
}

fn name(field: Field) -> String {
    match field {
        Field::Name => "the storage name".into(),
        Field::SignIn => "how to sign in".into(),
        Field::ClientId => "the client ID".into(),
        Field::ClientSecret => "the client secret".into(),
        Field::Token => "the token".into(),
        Field::AccessToken => "the access token".into(),
        Field::BoxConfigFile => "the path of config.json".into(),
        Field::BoxSubject => "whom to act for".into(),
        Field::Option(key) => format!("the option {key}"),
    }
}
