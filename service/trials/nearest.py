"""How far the sites of a trial are from the patient: by coordinates, else by country and state."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from cds_rules.patient.place import Place
from cds_rules.trials.study import Site
from service.trials import zip_codes
from service.trials.zip_codes import Point

_EARTH_KM = 6371.0088
"""Mean radius."""
KM_PER_MILE = 1.609344
_UNITED_STATES = frozenset({"us", "usa", "united states", "united states of america", "u.s.", "u.s.a."})
_NAMES = {"gb": "united kingdom", "uk": "united kingdom", "great britain": "united kingdom", "de": "germany",
          "deutschland": "germany", "fr": "france", "it": "italy", "italia": "italy", "es": "spain",
          "españa": "spain", "ca": "canada", "au": "australia", "at": "austria", "österreich": "austria",
          "ch": "switzerland", "nl": "netherlands", "be": "belgium", "dk": "denmark", "se": "sweden",
          "no": "norway", "fi": "finland", "pl": "poland", "cz": "czechia", "czech republic": "czechia",
          "il": "israel", "jp": "japan", "cn": "china", "in": "india", "br": "brazil", "mx": "mexico",
          "gbr": "united kingdom", "deu": "germany", "fra": "france", "ita": "italy", "esp": "spain",
          "can": "canada", "aus": "australia"}  # fmt: skip
_STATES = {
    "AL": "alabama", "AK": "alaska", "AZ": "arizona", "AR": "arkansas", "CA": "california", "CO": "colorado",
    "CT": "connecticut", "DE": "delaware", "DC": "district of columbia", "FL": "florida", "GA": "georgia",
    "HI": "hawaii", "ID": "idaho", "IL": "illinois", "IN": "indiana", "IA": "iowa", "KS": "kansas",
    "KY": "kentucky", "LA": "louisiana", "ME": "maine", "MD": "maryland", "MA": "massachusetts",
    "MI": "michigan", "MN": "minnesota", "MS": "mississippi", "MO": "missouri", "MT": "montana",
    "NE": "nebraska", "NV": "nevada", "NH": "new hampshire", "NJ": "new jersey", "NM": "new mexico",
    "NY": "new york", "NC": "north carolina", "ND": "north dakota", "OH": "ohio", "OK": "oklahoma",
    "OR": "oregon", "PA": "pennsylvania", "PR": "puerto rico", "RI": "rhode island", "SC": "south carolina",
    "SD": "south dakota", "TN": "tennessee", "TX": "texas", "UT": "utah", "VT": "vermont", "VA": "virginia",
    "WA": "washington", "WV": "west virginia", "WI": "wisconsin", "WY": "wyoming",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Near:
    """A site and how near it is. `km` None: the distance is not known; `shares`: then state or country."""

    site: Site
    km: float | None = None
    shares: str = ""

    @property
    def words(self) -> str:
        """As it is read: "12 km (7 miles)", "same state"; "" if nothing is known."""
        if self.km is not None:
            return f"{self.km:.0f} km ({self.km / KM_PER_MILE:.0f} miles)"
        return f"same {self.shares}" if self.shares else ""


def nearest(sites: Iterable[Site], home: Place | None) -> tuple[Near, ...]:
    """The sites that may take patients, the nearest first; those of unknown distance last."""
    point = point_of_home(home)
    found = [_near(site, home, point) for site in sites if site.may_take_patients]
    return tuple(sorted(found, key=_order))


def point_of_home(home: Place | None) -> Point | None:
    """Where a patient lives, by coordinates or by a postal code of the United States."""
    if home is None:
        return None
    if home.latitude is not None and home.longitude is not None:
        return home.latitude, home.longitude
    if not home.postal_code or not (_american(home.country) or _american_state(home)):
        return None
    return zip_codes.point_of(home.postal_code)


def kilometres(a: Point, b: Point) -> float:
    """Along the great circle."""
    (lat_a, lon_a), (lat_b, lon_b) = (tuple(map(math.radians, point)) for point in (a, b))
    half = math.sin((lat_b - lat_a) / 2) ** 2
    half += math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    return 2 * _EARTH_KM * math.asin(min(1.0, math.sqrt(half)))


@lru_cache(maxsize=50_000)
def _point_of_site(site: Site) -> Point | None:
    if site.latitude is not None and site.longitude is not None:
        return site.latitude, site.longitude
    return zip_codes.point_of(site.zip) if site.zip and _american(site.country) else None


def _near(site: Site, home: Place | None, point: Point | None) -> Near:
    there = _point_of_site(site)
    if point is not None and there is not None:
        return Near(site, kilometres(point, there))
    return Near(site, None, _shares(site, home))


def _shares(site: Site, home: Place | None) -> str:
    """State or country, where both name it."""
    if home is None:
        return ""
    here, there = _country(home.country), _country(site.country)
    if here and there and here != there:
        return ""
    if home.state and site.state and _state(home.state) == _state(site.state):
        return "state"
    return "country" if here and here == there else ""


def _order(near: Near) -> tuple[bool, float, int]:
    return near.km is None, near.km or 0.0, ("state", "country", "").index(near.shares)


def _country(name: str) -> str:
    plain = name.strip().lower()
    return "united states" if plain in _UNITED_STATES else _NAMES.get(plain, plain)


def _state(name: str) -> str:
    return _STATES.get(name.strip().upper(), name.strip().lower())


def _american(country: str) -> bool:
    return country.strip().lower() in _UNITED_STATES


def _american_state(home: Place) -> bool:
    """Five digits alone are a postal code of many countries."""
    return not home.country and (home.state.upper() in _STATES or home.state.lower() in _STATES.values())
