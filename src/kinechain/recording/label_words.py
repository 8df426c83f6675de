"""What a marker label says in words: side, place on the body, and which face of it.

Laboratories that follow no published set still name their markers after bones: 'R Knee Lat', 'KneeOut_R', 'r_knee_med',
'RLFE'.  A label is cut into words; every word must be known, and together they must name one place.  A label that
says nothing of the body ('M1', 'PT03', '0012') has no meaning here, and neither has one with a word left over: a
profile file must say it.  Nothing in this module is more than a reading of names: what it finds is an assumption.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["Reading", "common_ends", "is_of_two", "plain", "read_label", "read_labels", "side_and_stem", "side_letters"]

_RIGHT = (
    "r",
    "right",
    "rt",
    "rgt",
    "rechts",
    "droit",
    "droite",
    "dx",
    "destra",
    "derecho",
    "derecha",
    "direito",
    "direita",
)
_LEFT = (
    "l",
    "left",
    "lt",
    "lft",
    "links",
    "gauche",
    "sx",
    "sinistra",
    "izquierdo",
    "izquierda",
    "esquerdo",
    "esquerda",
)
#: A longer label is no name of a place.
LONGEST = 60
_SIDES = dict.fromkeys(_RIGHT, "r") | dict.fromkeys(_LEFT, "l")

_FACES = {
    "lateral": ("lat", "lateral", "out", "outer", "outside", "ext", "external", "externe", "latral"),
    "medial": ("med", "medial", "in", "inn", "inner", "inside", "int", "internal", "interne", "mdl"),
    "front": ("front", "ant", "anterior", "frnt", "fwd"),
    "back": ("back", "post", "posterior", "rear", "bk", "bck"),
    "upper": ("up", "upper", "sup", "superior", "prox", "proximal", "top", "high", "hi"),
    "lower": ("low", "lower", "inf", "inferior", "dist", "distal", "bottom", "lo"),
    "middle": ("mid", "middle", "centre", "center", "central"),
    "tip": ("tip", "end"),
    "head": ("head", "hd"),
    "base": ("base", "bas"),
    "first": ("1", "1st", "first", "i", "big", "great"),
    "second": ("2", "2nd", "second"),
    "third": ("3", "3rd", "third"),
    "fourth": ("4", "4th", "fourth"),
    "fifth": ("5", "5th", "fifth", "v", "little", "small"),
}
_FACE_OF = {word: face for face, words in _FACES.items() for word in words}

#: Words that add nothing.
_EMPTY = frozenset({"marker", "mk", "skin", "cluster", "clus", "clst", "plate", "line", "point", "bone", "of"})

#: Words of points that a program computed, or that nobody wears: such labels have no meaning.
_COMPUTED = frozenset(
    {"v", "virtual", "joint", "jc", "cor", "com", "cm", "proj", "projected", "ground", "floor", "offset", "off", "reg",
     "mean", "static", "origin", "angle", "angles", "force", "moment", "power", "vec", "axis", "ghost", "unlabeled"}
)  # fmt: skip

_NOUNS = {
    "asis": ("asis", "anteriorsuperioriliacspine", "antsupiliacspine", "asi", "ias",
             "sias", "eias", "fwt", "waistfront", "pelvisfront", "hipfront", "eas"),
    "psis": ("psis", "posteriorsuperioriliacspine", "postsupiliacspine", "psi", "ips",
             "sips", "eips", "bwt", "waistback", "pelvisback", "hipback", "eps"),
    "sacrum": ("sacrum", "sacral", "sacr", "vsac", "vsacral", "sac", "sacro"),
    "pelvis": ("pelvis", "pelv", "pel", "waist", "pv",
               "becken", "bassin"),
    "iliac_crest": ("iliaccrest", "iliac", "crest", "ic", "iliocristale", "icr", "illiac", "ilcr"),
    "trochanter": ("troch", "trochanter", "gtroch", "gtroc", "gtrochanter", "greatertrochanter", "gt", "gtr", "gtro",
                   "troc", "tro", "ftc", "trc"),
    "knee": ("knee", "kne", "kn", "kjl", "knjntln", "kneejointline", "genou", "knie", "ginocchio",
             "rodilla", "joelho"),
    "condyle": ("condyle", "cond", "epicondyle", "epi", "epic", "epicond", "femoralcondyle", "femcond", "kneecondyle",
                "femoralepicondyle", "fc", "fe", "con", "kneeepicondyle", "condylus"),
    "knee_lateral": ("fle", "fcl", "lfe", "lfc", "lfep", "lfepi", "latknee", "lkn", "flc", "lknee", "lepi"),
    "knee_medial": ("fme", "fcm", "mfe", "mfc", "mfep", "mfepi", "medknee", "mkn", "fmc", "mknee", "mkne", "knm",
                    "knem", "kni", "kneem", "kmed", "mepi"),
    "patella": ("patella", "pat", "kneecap", "rotule", "ptl"),
    "thigh": ("thigh", "thi", "th", "tigh", "femur", "fem", "quad", "cuisse", "upperleg", "uleg", "thgh", "tgh",
              "coscia", "wand1", "suppat", "suprapatellar", "suprapatella",
              "muslo", "coxa", "oberschenkel"),
    "shank": ("shank", "shin", "sha", "shn", "shk", "sk", "sh", "skn", "tib", "tibia", "calf", "leg", "lowerleg",
              "tb", "jambe", "crus", "gamba", "unterschenkel", "shnk", "wand2",
              "pierna", "perna"),
    "fibula": ("fibula", "fib", "fibhead", "fibulahead", "fibulaehead", "headfibula", "hfib", "hf", "fax", "fibh",
               "fh", "fbh", "headoffibula", "fibu"),
    "tuberosity": ("tuberosity", "tubercle", "tub", "tibtub", "tubtib", "tibialtuberosity", "tibialtubercle", "ttub",
                   "tt", "ttc", "tibtubercle", "tbt", "tuber", "tibt", "tuberositas"),
    "ankle": ("ankle", "ank", "cheville", "caviglia", "knoechel",
              "tobillo", "tornozelo"),
    "malleolus": ("malleolus", "malleoli", "mall", "mal", "malleole", "maleolus", "malleolo", "malleol"),
    "ankle_lateral": ("fal", "lmal", "lmall", "latmal", "lml", "lankle", "lank", "latank", "latankle", "malext",
                      "lma"),
    "ankle_medial": ("tam", "mmal", "mmall", "medmal", "mankle", "mank", "ankmed", "ankm", "medank", "medankle",
                     "anklem", "anm", "mma", "mml", "malint"),
    "heel": ("heel", "hee", "calc", "calcaneus", "calcaneum", "cal", "fcc", "calca", "talon", "ferse", "calcan",
             "tallone",
             "calcanhar"),
    "heel_upper": ("pca", "heelup", "uheel", "cal2", "calc2"),
    "sustentaculum": ("sustentaculum", "stl", "sustentaculumtali", "sust", "fst", "stal", "sustali"),
    "peroneal": ("peroneal", "peronealtubercle", "peron", "trochlea", "fpt", "ptub"),
    "navicular": ("navicular", "nav", "navic", "fnt", "navi", "scaphoid"),
    "cuboid": ("cuboid", "cub", "cubo"),
    "midfoot": ("midfoot", "mfoot", "instep", "tarsus"),
    "foot": ("foot", "ft", "fuss", "pied", "piede", "forefoot", "ffoot", "frontfoot"),
    "hindfoot": ("hindfoot", "rearfoot", "hfoot"),
    "metatarsal": ("mt", "met", "meta", "metatarsal", "mth", "mtp", "metatarsus", "mtars", "mtt", "metatarse", "mhd",
                   "metat", "mts", "toemt", "metatarsophalangeal", "mf", "metatarsalhead", "methead"),
    "mt1": ("fm1", "mfh1", "mth1", "d1m", "d1mt", "fmh", "mh1", "1mt", "mt1", "met1", "mtp1", "d1mp", "mt1h", "meta1",
            "1meta", "hmt1", "h1mt"),
    "mt2": ("fm2", "mfh2", "mth2", "d2m", "d2mt", "smh", "mh2", "2mt", "mt2", "met2", "mtp2", "mt2h", "meta2", "2meta"),
    "mt3": ("fm3", "mfh3", "mth3", "d3m", "mh3", "3mt", "mt3", "met3", "mtp3", "meta3", "3meta"),
    "mt4": ("fm4", "mfh4", "mth4", "d4m", "mh4", "4mt", "mt4", "met4", "mtp4", "meta4", "4meta"),
    "mt5": ("fm5", "mfh5", "mth5", "d5m", "d5mt", "vmh", "mh5", "5mt", "mt5", "met5", "mtp5", "mt5h", "meta5", "5meta",
            "toe5", "hmt5", "h5mt"),
    "mt1_base": ("p1m", "p1mt", "fmb", "mt1b", "mb1", "bmt1", "mt1base", "b1mt"),
    "mt2_base": ("smb", "mt2b", "mb2", "p2m", "p2mt"),
    "mt5_base": ("p5m", "p5mt", "vmb", "mt5b", "mb5", "fmt", "bmt5", "b5mt", "styloid5"),
    "toe": ("toe", "toes", "to", "orteil", "zeh", "zehe"),
    "hallux": ("hallux", "hal", "hlx", "hx", "bigtoe", "btoe", "gtoe", "toetip", "halux", "hall", "greattoe"),
    "hallux_proximal": ("pm6", "pd6", "hlxp"),
    "acromion": ("acromion", "acr", "acrom", "acromium", "sho", "shoulder", "shld", "should", "sae", "shou", "ac",
                 "schulter", "epaule", "shldr", "acro", "sld", "spalla",
                 "hombro", "ombro"),
    "upperarm": ("upperarm", "uparm", "upa", "uarm", "bicep", "biceps", "humerus", "hum", "ua", "tricep", "triceps",
                 "arm", "deltoid", "delt", "bras"),
    "elbow": ("elbow", "elb", "coude", "coud", "ellbogen", "elbw", "gomito", "olecranon", "ole", "olec",
              "codo", "cotovelo", "ellenbogen"),
    "elbow_lateral": ("hle", "lhe", "lel", "lelb", "lelbow", "lhle", "latelb", "elblat"),
    "elbow_medial": ("hme", "mhe", "mel", "melb", "melbow", "medelb", "elbmed", "elbm", "elm", "melbw"),
    "forearm": ("forearm", "frm", "fra", "farm", "fa", "lowerarm", "larm", "avantbras", "fore", "uoa"),
    "wrist": ("wrist", "wri", "wrst", "poignet", "polso",
              "punho", "handgelenk"),
    "radius": ("radius", "radial", "rad", "rsp", "wra", "rs", "radialstyloid", "wrr", "wristradius", "styloidradial"),
    "ulna": ("ulna", "ulnar", "uln", "usp", "uhe", "wrb", "us", "ulnarstyloid", "wru", "wristulna"),
    "hand": ("hand", "fin", "finger", "hnd", "main", "knuckle", "han"),
    "hand_2": ("hm2", "mc2", "mcp2", "hmh2"),
    "hand_5": ("hm5", "mc5", "mcp5", "hmh5"),
    "c7": ("c7", "cv7", "vc7", "cerv7"),
    "t10": ("t10", "tv10", "th10", "vt10"),
    "sacral_vertebra": ("s1", "s2", "s3"),
    "vertebra": ("t1", "t2", "t3", "t4", "t5", "t6", "t7", "t8", "t9", "t12", "th2", "th3", "th5", "th6", "th8", "th12",
                 "tv1", "tv2", "tv3", "tv5", "tv6", "tv8", "tv12"),
    "spine": ("scapula", "scap", "rbak", "rbac", "bak", "bac", "thorax", "chest", "trunk", "torso", "clavicle",
              "spinetop", "ribs", "rib"),
    "notch": ("clav", "jugular", "suprasternalnotch", "sternalnotch", "sjn", "snj", "ij", "incisura", "manubrium",
              "notch", "cav", "jn", "suprasternale"),
    "xiphoid": ("xiphoid", "xiph", "strn", "sxs", "px", "xyphoid", "xip", "xipho", "xp"),
    "sternum": ("sternum", "stern", "ster", "sternal", "str", "sternon"),
    "head_": ("head", "hd", "temple", "temp", "tete", "forehead", "ear", "kopf", "testa", "occ"),
    "head_front": ("fhd", "hdf", "headfront", "frontalhead", "hf1"),
    "head_back": ("bhd", "hdb", "headback"),
    "vertex": ("vertex", "tophead", "headtop", "hv"),
}  # fmt: skip
_NOUN_OF = {word: noun for noun, words in _NOUNS.items() for word in words}

#: Short codes of a place and a face.  One alone proves nothing: it is believed beside its counterpart (RLM beside
#: RMM) or beside the same face of another joint (RLK beside RLA).
_CODES = {
    "lm": ("lateral_malleolus", "lateral"), "ml": ("lateral_malleolus", "lateral"),
    "la": ("lateral_malleolus", "lateral"), "al": ("lateral_malleolus", "lateral"),
    "mm": ("medial_malleolus", "medial"), "ma": ("medial_malleolus", "medial"), "am": ("medial_malleolus", "medial"),
    "lk": ("lateral_femoral_epicondyle", "lateral"), "kl": ("lateral_femoral_epicondyle", "lateral"),
    "cl": ("lateral_femoral_epicondyle", "lateral"), "lc": ("lateral_femoral_epicondyle", "lateral"),
    "mk": ("medial_femoral_epicondyle", "medial"), "km": ("medial_femoral_epicondyle", "medial"),
    "cm": ("medial_femoral_epicondyle", "medial"), "mc": ("medial_femoral_epicondyle", "medial"),
    "le": ("lateral_femoral_epicondyle", "lateral"), "lep": ("lateral_femoral_epicondyle", "lateral"),
    "me": ("medial_femoral_epicondyle", "medial"), "mep": ("medial_femoral_epicondyle", "medial"),
    "fl": ("metatarsal_5_head", "lateral"), "fm": ("metatarsal_1_head", "medial"),
}  # fmt: skip

#: Nouns that name a face of a joint, beside which a short code of the same face or joint is believed as well (RLFE
#: beside RLM).
_FACED_JOINTS = {
    "knee_lateral": ("lateral_femoral_epicondyle", "lateral"), "knee_medial": ("medial_femoral_epicondyle", "medial"),
    "ankle_lateral": ("lateral_malleolus", "lateral"), "ankle_medial": ("medial_malleolus", "medial"),
}  # fmt: skip

#: Codes that mean a place only beside these others of the same side.
_BESIDE: dict[str, tuple[str, tuple[str, ...]]] = {
    "h": ("heel", ("fm", "fl")),
    "1st": ("metatarsal_1_head", ("5th",)), "2nd": ("metatarsal_2_head", ("1st", "5th")),
    "5th": ("metatarsal_5_head", ("1st",)),
    "dhe": ("heel", ("phe",)), "phe": ("heel_proximal", ("dhe",)), "lhe": ("calcaneus_lateral", ("dhe", "phe")),
    "mhe": ("calcaneus_medial", ("dhe", "phe")),
}  # fmt: skip

#: Codes of a segment, believed only where at least so many of one side are numbered: RT1 ... RT4, R_SK1, RTB2.
_CLUSTERS = {
    "t": ("femur", 3), "q": ("femur", 3), "s": ("tibia", 3), "th": ("femur", 2), "tc": ("femur", 2), "ti": ("tibia", 2),
    "sk": ("tibia", 2), "sh": ("tibia", 2), "tb": ("tibia", 2), "sc": ("tibia", 2), "ua": ("humerus", 2),
    "ar": ("humerus", 2), "fa": ("forearm", 2), "pv": ("pelvis", 2), "ft": ("midfoot", 2), "f": ("midfoot", 3),
}  # fmt: skip
_CLUSTER_CODE = re.compile(r"([a-z]{1,2})([1-9])")
#: Markers of a segment told apart by letters: LTHIB, LTHID, RTIBF, LTHAP.
_LETTERED = re.compile(r"(thi|thigh|tib|tibia|shank|shk|shn)(?:[a-f]|ap|ad|p|d|u|l|lat|lo|up)")


@dataclass(frozen=True)
class Reading:
    """What a label says.

    Attributes
    ----------
    landmark : str
        With its side, or 'segment:<segment>' for a marker that only tracks.
    weight : float
        In inverse kinematics.
    """

    landmark: str
    weight: float


@lru_cache(maxsize=4096)
def plain(label: str) -> str:
    """Return a label in lower case without blanks, dots, dashes and brackets."""
    return re.sub(r"[^0-9a-z]", "", label.lower())


@lru_cache(maxsize=4096)
def _words(label: str) -> list[str]:
    """Cut a label at separators and at capitals."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z0-9])(?=[A-Z][a-z])", " ", label)
    return [w for w in re.split(r"[^0-9a-z]+", apart.lower()) if w]


@lru_cache(maxsize=4096)
def side_and_stem(label: str) -> tuple[str, str]:
    """Return the side ('r', 'l' or '') that stands apart in a label or at its end, and the rest in plain letters.

    'Left_ASI', 'ASI.L' and 'ASIL' are all ('l', 'asi').  A side letter at the beginning of a word stays where it is.
    """
    words = _words(label)
    sides = [i for i, word in enumerate(words) if word in _SIDES]
    if len(sides) == 1 and len(words) > 1:
        return _SIDES[words[sides[0]]], "".join(words[: sides[0]] + words[sides[0] + 1 :])
    flat = "".join(words)
    if len(flat) > 3 and flat[-1] in "rl" and flat not in _NOUN_OF:
        return flat[-1], flat[:-1]
    return "", flat


def common_ends(labels: Sequence[str]) -> dict[str, str]:
    """Return labels without what a program or a subject's name put around most of them.

    'Ann_LASI' and 'Q_LHeel' lose their beginning, 'r_knee_study' its end.  Only a beginning or an end that a separator
    parts off, that at least half of the labels share and six of them (assumption) and that is no word of the body is
    taken off.
    """
    count: dict[tuple[bool, str], int] = {}
    for label in labels:
        for mark in re.finditer(r"[\s_.:\-]+", label):
            for part in ((True, label[: mark.end()]), (False, label[mark.start() :])):
                count[part] = count.get(part, 0) + 1
    least = max(0.5 * len(labels), 6)
    shared = [part for part, n in count.items() if n >= least and _is_foreign(part[1])]
    before = max((text for is_first, text in shared if is_first), key=len, default="")
    after = max((text for is_first, text in shared if not is_first), key=len, default="")
    return {x: x.removeprefix(before).removesuffix(after) or x for x in labels}


def is_of_two(labels: Sequence[str]) -> bool:
    """Tell whether the same six or more labels occur behind two different beginnings: two people, or one twice."""
    behind: dict[str, set[str]] = {}
    for label in labels:
        for mark in re.finditer(r"[\s_.:\-]+", label):
            if _is_foreign(label[: mark.end()]):
                behind.setdefault(label[: mark.end()], set()).add(plain(label[mark.end() :]))
    large = [stems for stems in behind.values() if len(stems) >= 6]
    return any(len(one & other) >= 6 for i, one in enumerate(large) for other in large[:i])


def _is_foreign(text: str) -> bool:
    """Tell whether a text holds neither a side nor a word of the body."""
    words = _words(text)
    return bool(words) and not any(w in _SIDES or w in _NOUN_OF or w in _FACE_OF or w in _COMPUTED for w in words)


def side_letters(labels: Sequence[str]) -> dict[str, str]:
    """Return labels with R and L for the two sides, where a laboratory writes D and G, D and I, or D and E.

    Other letters are believed only where hardly a label has a twin with R and L and at least four have one with the
    others (assumption), at the beginning or at the end.
    """
    known = {plain(x) for x in labels}
    same = {x: x for x in labels}
    for at_end in (False, True):
        if len(_twins(known, "r", "l", at_end)) > 2:
            return same
    for right, left in (("d", "g"), ("d", "i"), ("d", "e")):
        for at_end in (False, True):
            twins = _twins(known, right, left, at_end)
            if len(twins) >= 8:
                return {x: _with_side(x, {right: "R", left: "L"}, at_end) if plain(x) in twins else x for x in labels}
    return same


def _twins(known: set[str], right: str, left: str, at_end: bool) -> set[str]:
    """Return the plain labels that differ from another one in the letter of their side only."""
    out = set()
    for x in known:
        other = {right: left, left: right}.get(x[-1:] if at_end else x[:1])
        if other is not None and len(x) > 2 and (x[:-1] + other if at_end else other + x[1:]) in known:
            out.add(x)
    return out


def _with_side(label: str, letters: Mapping[str, str], at_end: bool) -> str:
    text = label.strip()
    return f"{text[:-1]}_{letters[text[-1].lower()]}" if at_end else letters[text[0].lower()] + text[1:]


def read_labels(labels: Iterable[str]) -> dict[str, Reading]:
    """Return what labels say, one by one and beside each other; labels without a meaning are absent.

    Parameters
    ----------
    labels : iterable of str
        All labels of a recording: some codes count only beside others.

    Returns
    -------
    dict of label to Reading
    """
    labels = list(labels)
    coded = {x: parts for x in labels if (parts := _side_and_code(x)) is not None}
    known = set(coded.values())
    out: dict[str, Reading] = {}
    for label in labels:
        reading = _beside(*coded[label], known) if label in coded else None
        reading = reading or _by_words(label)
        if reading is None and label in coded:
            reading = _by_code(*coded[label], known)
        if reading is not None:
            out[label] = reading
    return _with_toe_tips(out, coded)


def _with_toe_tips(readings: dict[str, Reading], coded: Mapping[str, tuple[str, str]]) -> dict[str, Reading]:
    """Put the toe of a set at its tip where another marker stands on the second metatarsal head."""
    out = dict(readings)
    for side in "rl":
        own = [x for x, r in readings.items() if r.landmark == f"metatarsal_2_head_{side}"]
        toes = [x for x in own if coded.get(x, ("", ""))[1] in ("toe", "toes")]
        if len(own) > len(toes):
            out |= {x: Reading(f"toe_2_tip_{side}", 1.0) for x in toes}
    return out


def _beside(side: str, code: str, known: set[tuple[str, str]]) -> Reading | None:
    """Read a code that means a place only where the others of its set stand on the same side."""
    landmark, others = _BESIDE.get(code, ("", ()))
    if not landmark or not {(side, c) for c in others} <= known:
        return None
    return Reading(f"{landmark}_{side}", 5.0)


def _side_and_code(label: str) -> tuple[str, str] | None:
    side, stem = side_and_stem(label)
    if side and _words(label)[0] not in _SIDES and len(_words(label)) == 1:
        side, stem = "", plain(label)
    if not side and len(stem) > 2 and stem[0] in "rl":
        side, stem = stem[0], stem[1:]
    return (side, stem) if side and stem else None


def _by_code(side: str, code: str, known: set[tuple[str, str]]) -> Reading | None:
    """Read a two-letter code or a numbered cluster, beside the other labels of its side."""
    if code in _CODES:
        landmark, face = _CODES[code]
        joint = landmark.partition("_")[2]
        others = [
            _CODES.get(c) or _FACED_JOINTS[_NOUN_OF[c]]
            for s, c in known
            if s == side and c != code and (c in _CODES or _NOUN_OF.get(c) in _FACED_JOINTS)
        ]
        if any(place.partition("_")[2] == joint or other == face for place, other in others):
            return Reading(f"{landmark}_{side}", _weight(landmark))
        return None
    if _LETTERED.fullmatch(code):
        return _tracker("femur" if code.startswith("th") else "tibia", side)
    numbered = _CLUSTER_CODE.fullmatch(code)
    if numbered is None or numbered[1] not in _CLUSTERS:
        return None
    segment, least = _CLUSTERS[numbered[1]]
    siblings = sum(s == side and re.fullmatch(numbered[1] + "[1-9]", c) is not None for s, c in known)
    return _tracker(segment, side) if siblings >= least else None


def read_label(label: str) -> Reading | None:
    """Return what one label says by itself, None if it names no place on the body without doubt."""
    return read_labels([label]).get(label)


@lru_cache(maxsize=4096)
def _by_words(label: str) -> Reading | None:
    words = _words(label)
    if not words or len(words) > 6 or len(label) > LONGEST:
        return None
    for side, rest in _side_ways(words):
        cut = _cut(tuple(rest))
        if cut is None:
            continue
        nouns, faces = cut
        reading = _compose(nouns, faces, side)
        if reading is not None:
            return reading
    return None


def _side_ways(words: list[str]) -> Iterable[tuple[str, list[str]]]:
    """Yield the ways in which a side can be told from words: apart, or at the beginning or end of a word, or none."""
    apart = [i for i, word in enumerate(words) if word in _SIDES]
    if len(apart) == 1 and len(words) > 1:
        yield _SIDES[words[apart[0]]], words[: apart[0]] + words[apart[0] + 1 :]
        return
    if apart == [0, len(words) - 1] and words[-1] == "l" and len(words) > 2:
        # Between two letters of sides the last one is a face: the lateral marker of 'R Knee L' and 'R Knee M'.
        yield _SIDES[words[0]], [*words[1:-1], "lat"]
        return
    if apart:
        return
    first, last = words[0], words[-1]
    for name in ("right", "left"):
        if first.startswith(name) and len(first) > len(name):
            yield name[0], [first[len(name) :], *words[1:]]
            return
        if last.endswith(name) and len(last) > len(name):
            yield name[0], [*words[:-1], last[: -len(name)]]
            return
    yield "", words
    if first[0] in "rl" and (len(first) > 2 or (len(first) == 2 and len(words) > 1)):
        yield first[0], [first[1:], *words[1:]]
    if last[-1] in "rl" and len(last) > 3 and last not in _NOUN_OF and last not in _FACE_OF:
        yield last[-1], [*words[:-1], last[:-1]]


def _cut(words: tuple[str, ...]) -> tuple[frozenset[str], frozenset[str]] | None:
    """Return the (nouns, faces) of words; None if one of them is unknown."""
    nouns: set[str] = set()
    faces: set[str] = set()
    i = 0
    while i < len(words):
        for reach in range(len(words), i, -1):
            joined = "".join(words[i:reach])
            if joined in _NOUN_OF and (reach > i + 1 or joined not in _FACE_OF):
                nouns.add(_NOUN_OF[joined])
                break
        else:
            reach = i + 1
            pieces = [words[i]] if words[i] in _FACE_OF or words[i] in _EMPTY else _pieces(words[i])
            if pieces is None or words[i] in _COMPUTED:
                return None
            nouns |= {_NOUN_OF[p] for p in pieces if p in _NOUN_OF and p not in _FACE_OF}
            faces |= {_FACE_OF[p] for p in pieces if p in _FACE_OF}
        i = reach
    return frozenset(nouns), frozenset(faces)


@lru_cache(maxsize=4096)
def _pieces(word: str) -> list[str] | None:
    """Cut one word into known words of three letters and more, digits, "in" and "of"; None if that leaves a rest."""
    if not word:
        return []
    for size in range(len(word), 0, -1):
        piece = word[:size]
        is_known = piece in _FACE_OF or piece in _NOUN_OF or piece in _EMPTY
        if is_known and (size >= 3 or piece.isdigit() or piece in ("in", "of")):
            rest = _pieces(word[size:])
            if rest is not None:
                return [piece, *rest]
    return None


def _tracker(segment: str, side: str, weight: float = 0.5) -> Reading:
    if segment == "pelvis":
        # A cluster on the pelvis stands in for the iliac spines, which legs must not pull along (assumption).
        weight = 10 * weight
    name = segment if segment in ("pelvis", "thorax", "head") else f"{segment}_{side}"
    return Reading(f"segment:{name}", weight)


def _weight(landmark: str) -> float:
    """Return a weight as the profiles that come with the package give it."""
    return {"asis": 15.0, "psis": 15.0, "iliac_crest": 2.0, "greater_trochanter": 2.0}.get(landmark, 5.0)


#: Noun alone (numbers and faces that only place a tracker apart are allowed where the meaning is a tracker).
_SIDED_PLACES = {
    "asis": "asis", "psis": "psis", "iliac_crest": "iliac_crest", "trochanter": "greater_trochanter",
    "knee_lateral": "lateral_femoral_epicondyle", "knee_medial": "medial_femoral_epicondyle",
    "fibula": "fibula_head", "tuberosity": "tibial_tuberosity",
    "ankle_lateral": "lateral_malleolus", "ankle_medial": "medial_malleolus",
    "heel_upper": "heel_proximal", "sustentaculum": "sustentaculum", "peroneal": "peroneal_tubercle",
    "navicular": "navicular", "mt1": "metatarsal_1_head", "mt2": "metatarsal_2_head", "mt5": "metatarsal_5_head",
    "mt1_base": "metatarsal_1_base", "mt2_base": "metatarsal_2_base", "mt5_base": "metatarsal_5_base",
    "hallux": "hallux_tip", "hallux_proximal": "hallux_proximal", "acromion": "acromion",
    "elbow_lateral": "humeral_lateral_epicondyle", "elbow_medial": "humeral_medial_epicondyle",
    "radius": "radial_styloid", "ulna": "ulnar_styloid", "hand_2": "hand_2_head", "hand_5": "hand_5_head",
    "head_front": "head_front", "head_back": "head_back",
}  # fmt: skip
_MIDLINE_PLACES = {
    "sacrum": "sacrum", "c7": "c7", "t10": "t10", "notch": "suprasternal_notch", "xiphoid": "xiphoid",
    "vertex": "vertex",
}  # fmt: skip
_TRACKERS = {
    "thigh": "femur", "shank": "tibia", "upperarm": "humerus", "forearm": "forearm", "hand": "hand", "wrist": "forearm",
    "midfoot": "midfoot", "cuboid": "midfoot", "hindfoot": "calcaneus", "mt3": "forefoot_medial",
    "mt4": "forefoot_lateral", "patella": "femur",
}  # fmt: skip
_TRUNK_TRACKERS = {
    "pelvis": "pelvis", "spine": "thorax", "sternum": "thorax", "notch": "thorax", "xiphoid": "thorax", "head_": "head"
}  # fmt: skip
_MIDLINE_TRACKERS = {"vertebra": "thorax", "sacral_vertebra": "pelvis"}

#: (noun, face) of a place that a face decides; '' is no face.
_FACED_PLACES = {
    ("knee", ""): "lateral_femoral_epicondyle", ("knee", "lateral"): "lateral_femoral_epicondyle",
    ("knee", "medial"): "medial_femoral_epicondyle",
    ("ankle", ""): "lateral_malleolus", ("ankle", "lateral"): "lateral_malleolus",
    ("ankle", "medial"): "medial_malleolus",
    ("elbow", ""): "humeral_lateral_epicondyle", ("elbow", "lateral"): "humeral_lateral_epicondyle",
    ("elbow", "medial"): "humeral_medial_epicondyle",
    ("heel", ""): "heel", ("heel", "back"): "heel", ("heel", "lower"): "heel", ("heel", "upper"): "heel_proximal",
    ("heel", "lateral"): "calcaneus_lateral", ("heel", "medial"): "calcaneus_medial",
    ("toe", ""): "metatarsal_2_head", ("toe", "tip"): "toe_2_tip", ("toe", "lateral"): "metatarsal_5_head",
    ("toe", "medial"): "metatarsal_1_head", ("toe", "fifth"): "metatarsal_5_head", ("toe", "first"): "hallux_tip",
    ("toe", "second"): "metatarsal_2_head",
    ("hallux", "tip"): "hallux_tip", ("hallux", "upper"): "hallux_proximal", ("hallux", "base"): "hallux_proximal",
    ("foot", "lateral"): "metatarsal_5_head", ("foot", "medial"): "metatarsal_1_head",
    ("metatarsal", ""): "metatarsal_5_head", ("metatarsal", "first"): "metatarsal_1_head",
    ("metatarsal", "second"): "metatarsal_2_head", ("metatarsal", "fifth"): "metatarsal_5_head",
    ("metatarsal", "lateral"): "metatarsal_5_head", ("metatarsal", "medial"): "metatarsal_1_head",
    ("acromion", "upper"): "acromion",
    ("head_", "front"): "head_front", ("head_", "back"): "head_back",
    ("pelvis", "front"): "asis", ("pelvis", "back"): "psis",
    ("asis", "front"): "asis", ("psis", "back"): "psis", ("fibula", "head"): "fibula_head",
    ("asis", "upper"): "asis", ("psis", "upper"): "psis", ("trochanter", "first"): "greater_trochanter",
}  # fmt: skip
#: Faces that may stand beside a noun without a change of meaning.
_IDLE = {"metatarsal": {"head"}, "fibula": {"head", "lateral", "upper"}, "tuberosity": {"front", "upper"}}


def _compose(nouns: frozenset[str], faces: frozenset[str], side: str) -> Reading | None:
    """Return the one place that nouns and faces name together, None where they contradict each other."""
    noun = _one_noun(nouns, faces)
    if noun is None:
        return None
    if noun == "head_" and "head" in faces:
        faces = faces - {"head"}
    if noun in _MIDLINE_TRACKERS:
        return None if side or faces else _tracker(_MIDLINE_TRACKERS[noun], "")
    if noun in _MIDLINE_PLACES and not side:
        return None if faces else Reading(_MIDLINE_PLACES[noun], 5.0)
    if noun == "sternum" and not side and faces and faces <= {"upper", "lower"}:
        return Reading("suprasternal_notch" if "upper" in faces else "xiphoid", 5.0)
    if noun == "head_" and not side and faces == {"upper"}:
        return Reading("vertex", 5.0)
    place = _place(noun, faces - _IDLE.get(noun, set()))
    if place is not None:
        return Reading(f"{place}_{side}", _weight(place)) if side else None
    if noun in _TRUNK_TRACKERS:
        return _tracker(_TRUNK_TRACKERS[noun], side)
    if noun == "foot" and faces == {"back"}:
        noun = "hindfoot"
    if noun in _TRACKERS or noun in ("foot", "metatarsal"):
        # The patella slides over the thigh as the knee bends: it tracks nothing.
        weight = 0.0 if noun == "patella" else 0.5
        return _tracker(_TRACKERS.get(noun, "midfoot"), side, weight) if side else None
    return _tracker("thorax", side) if noun == "acromion" and faces <= {"back", "front"} else None


def _place(noun: str, faces: frozenset[str] | set[str]) -> str | None:
    """Return the landmark, without its side, that a noun and its faces name."""
    if noun in ("metatarsal", "mt1", "mt2", "mt5") and "base" in faces:
        number = {"mt1": "1", "mt2": "2", "mt5": "5"}.get(noun) or next(
            (n for n, face in (("1", "first"), ("2", "second"), ("5", "fifth")) if face in faces), None
        )
        return f"metatarsal_{number}_base" if number else None
    if noun.startswith("mt") and faces <= {"head", "lateral", "medial", "first", "second", "fifth"}:
        return _SIDED_PLACES.get(noun)
    if not faces and noun in _SIDED_PLACES:
        return _SIDED_PLACES[noun]
    if len(faces) > 1:
        return None
    return _FACED_PLACES.get((noun, next(iter(faces), "")))


#: Nouns that name one place together.
_SAME = {
    frozenset({"knee", "condyle"}): "knee", frozenset({"condyle", "thigh"}): "knee", frozenset({"condyle"}): "knee",
    frozenset({"knee", "thigh", "condyle"}): "knee", frozenset({"ankle", "malleolus"}): "ankle",
    frozenset({"malleolus"}): "ankle", frozenset({"elbow", "condyle"}): "elbow",
    frozenset({"upperarm", "condyle"}): "elbow", frozenset({"elbow", "upperarm", "condyle"}): "elbow",
    frozenset({"wrist", "radius"}): "radius", frozenset({"wrist", "ulna"}): "ulna",
    frozenset({"iliac_crest", "pelvis"}): "iliac_crest", frozenset({"asis", "pelvis"}): "asis",
    frozenset({"psis", "pelvis"}): "psis",
    frozenset({"foot", "toe"}): "toe", frozenset({"foot", "heel"}): "heel",
    frozenset({"trochanter", "thigh"}): "trochanter",
    frozenset({"shank", "tuberosity"}): "tuberosity", frozenset({"shank", "malleolus"}): "ankle",
    frozenset({"fibula", "malleolus"}): "ankle_lateral", frozenset({"fibula", "shank"}): "fibula",
    frozenset({"pelvis", "sacrum"}): "sacrum", frozenset({"toe", "metatarsal"}): "metatarsal",
    frozenset({"foot", "metatarsal"}): "metatarsal", frozenset({"hallux", "toe"}): "hallux",
    frozenset({"foot", "navicular"}): "navicular", frozenset({"wrist", "hand"}): "wrist",
}  # fmt: skip


def _one_noun(nouns: frozenset[str], faces: frozenset[str]) -> str | None:
    if nouns in _SAME:
        return _SAME[nouns]
    if len(nouns) == 1:
        return next(iter(nouns))
    if not nouns:
        # 'head' and 'back' are faces of other bones, and alone they are the head and the back.
        return "head_" if "head" in faces else "spine" if faces == {"back"} else None
    return None
