"""Passwords: what is one, and its argon2 hash."""

from __future__ import annotations

import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from kinechain.core.errors import SettingError

__all__ = ["check_password", "hash_again", "hash_password", "is_outdated"]

SHORTEST, LONGEST = 10, 200
#: Fewer different characters than this are a pattern, not a password (choice).
FEWEST_DIFFERENT = 5

#: The least that OWASP's cheat sheet on password storage asks for: 19 MiB, two passes, one lane. A sign-in takes about
#: 50 ms of one core; the workspace computes two at a time.
HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


def hash_password(password: str, email: str = "") -> str:
    """Return the argon2 hash of a new password.

    Parameters
    ----------
    password : str
    email : str
        Of the account; a password that repeats it is refused.

    Raises
    ------
    SettingError
        If it is too short, or among the first that somebody would try.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise SettingError(
            f"a password has {SHORTEST} to {LONGEST} characters; a few words in a row are long and easy to keep"
        )
    plain, name = password.casefold(), email.casefold().partition("@")[0]
    if len(set(plain)) < FEWEST_DIFFERENT or plain == email.casefold() or (len(name) > 3 and plain.startswith(name)):
        raise SettingError("this password would be tried first; choose one that repeats neither itself nor the address")
    return hash_again(password)


def hash_again(password: str) -> str:
    """Return the argon2 hash of a password that is in use already, whatever is asked of new ones.

    Parameters
    ----------
    password : str
    """
    return HASHER.hash(_same(password))


@cache
def _nobody() -> str:
    """Return what is checked where there is no such account, so that the time of the answer does not tell."""
    return HASHER.hash("nobody's password")


def check_password(hashed: str, password: str) -> bool:
    """Tell whether a password is the one that was hashed; it takes as long if there is nothing to compare with.

    Parameters
    ----------
    hashed : str
        '' where there is none.
    password : str
    """
    # Asked for in every case, for at its first time it is made.
    nobody = _nobody()
    try:
        is_same = HASHER.verify(hashed or nobody, _same(password[: LONGEST + 1]))
    except (VerificationError, InvalidHashError):
        return False
    return is_same and bool(hashed)


def is_outdated(hashed: str) -> bool:
    """Tell whether a password was hashed in another way than one is today.

    Parameters
    ----------
    hashed : str
    """
    return HASHER.check_needs_rehash(hashed)


def _same(password: str) -> str:
    """Return a password as every keyboard would have written it; half characters become question marks."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "replace").decode()
