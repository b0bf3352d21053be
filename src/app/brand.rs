//! The look of the pages, with the logo read.

use crate::config::Brand as Settings;
use crate::web::{Brand, Colour, Logo, LogoKind};
use anyhow::Context;

pub fn load(settings: &Settings) -> anyhow::Result<Brand> {
    let logo = match &settings.logo {
        None => None,
        Some(path) => {
            let shown = path.display();
            let bytes = std::fs::read(path).with_context(|| format!("the logo {shown} cannot be read"))?;
            let kind = path.extension().and_then(|e| LogoKind::of_extension(&e.to_string_lossy()));
            let kind = kind.with_context(|| format!("the logo {shown} is not a svg, png, jpg or webp file"))?;
            Some(Logo { bytes: bytes.into(), kind })
        }
    };
    let colour: Colour = settings.colour.parse().context("brand.colour")?;
    Ok(Brand { name: settings.name.clone(), logo, colour, support: settings.support.clone() })
}
