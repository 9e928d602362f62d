//! Sets of instructions.

use sim_simd::Simd;

use crate::support::{Folder, GEMM};

#[test]
fn every_set_gives_the_same_bytes_or_says_that_it_is_not_there() {
    let folder = Folder::new();
    for engine in ["algebraic", "stepped"] {
        let gemm = [&GEMM[..], &["--json", "--engine", engine]].concat();
        let want = folder.good(&gemm);
        for simd in Simd::ALL {
            let ran = folder.sysmt_in(&[("SYSMT_SIMD", simd.name())], &gemm);
            if simd.is_available() {
                assert_eq!((ran.code, ran.stdout), (Some(0), want.clone()), "{}", simd.name());
            } else {
                assert_eq!(ran.code, Some(2), "{}", simd.name());
                assert!(
                    ran.stderr.contains(simd.name()) && ran.stderr.contains("this processor"),
                    "{}",
                    ran.stderr
                );
            }
        }
    }
}

#[test]
fn an_unknown_set_is_the_users_mistake() {
    let folder = Folder::new();
    for wish in ["avx3", "", "AVX2"] {
        let ran = folder.sysmt_in(&[("SYSMT_SIMD", wish)], &[&GEMM[..], &["--json"]].concat());
        assert_eq!(ran.code, Some(2), "{wish}");
        assert!(ran.stderr.contains("SYSMT_SIMD"), "{}", ran.stderr);
        assert!(ran.stderr.contains("portable"), "{}", ran.stderr);
        assert_eq!(ran.stdout, "");
    }
}
