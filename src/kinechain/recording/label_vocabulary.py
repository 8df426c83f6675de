"""The words that laboratories put into the labels of their markers, and the places on the body that they name."""

from __future__ import annotations

__all__ = [
    "BESIDE",
    "CLUSTERS",
    "CODES",
    "COMPUTED",
    "EMPTY",
    "FACED_JOINTS",
    "FACED_PLACES",
    "FACE_OF",
    "IDLE",
    "MIDLINE_PLACES",
    "MIDLINE_TRACKERS",
    "NOUN_OF",
    "SIDED_PLACES",
    "SIDES",
    "TRACKERS",
    "TRUNK_TRACKERS",
]

RIGHT = (
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

LEFT = (
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

SIDES = dict.fromkeys(RIGHT, "r") | dict.fromkeys(LEFT, "l")

FACES = {
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

FACE_OF = {word: face for face, words in FACES.items() for word in words}

#: Words that add nothing.
EMPTY = frozenset({"marker", "mk", "skin", "cluster", "clus", "clst", "plate", "line", "point", "bone", "of"})

#: Words of points that a program computed, or that nobody wears: such labels have no meaning.
COMPUTED = frozenset(
    {"v", "virtual", "joint", "jc", "cor", "com", "cm", "proj", "projected", "ground", "floor", "offset", "off", "reg",
     "mean", "static", "origin", "angle", "angles", "force", "moment", "power", "vec", "axis", "ghost", "unlabeled"}
)  # fmt: skip

NOUNS = {
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

NOUN_OF = {word: noun for noun, words in NOUNS.items() for word in words}

#: Short codes of a place and a face.  One alone proves nothing: it is believed beside its counterpart (RLM beside
#: RMM) or beside the same face of another joint (RLK beside RLA).
CODES = {
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
FACED_JOINTS = {
    "knee_lateral": ("lateral_femoral_epicondyle", "lateral"), "knee_medial": ("medial_femoral_epicondyle", "medial"),
    "ankle_lateral": ("lateral_malleolus", "lateral"), "ankle_medial": ("medial_malleolus", "medial"),
}  # fmt: skip

#: Codes that mean a place only beside these others of the same side.
BESIDE: dict[str, tuple[str, tuple[str, ...]]] = {
    "h": ("heel", ("fm", "fl")),
    "1st": ("metatarsal_1_head", ("5th",)), "2nd": ("metatarsal_2_head", ("1st", "5th")),
    "5th": ("metatarsal_5_head", ("1st",)),
    "dhe": ("heel", ("phe",)), "phe": ("heel_proximal", ("dhe",)), "lhe": ("calcaneus_lateral", ("dhe", "phe")),
    "mhe": ("calcaneus_medial", ("dhe", "phe")),
}  # fmt: skip

#: Codes of a segment, believed only where at least so many of one side are numbered: RT1 ... RT4, R_SK1, RTB2.
CLUSTERS = {
    "t": ("femur", 3), "q": ("femur", 3), "s": ("tibia", 3), "th": ("femur", 2), "tc": ("femur", 2), "ti": ("tibia", 2),
    "sk": ("tibia", 2), "sh": ("tibia", 2), "tb": ("tibia", 2), "sc": ("tibia", 2), "ua": ("humerus", 2),
    "ar": ("humerus", 2), "fa": ("forearm", 2), "pv": ("pelvis", 2), "ft": ("midfoot", 2), "f": ("midfoot", 3),
}  # fmt: skip

#: Noun alone (numbers and faces that only place a tracker apart are allowed where the meaning is a tracker).
SIDED_PLACES = {
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

MIDLINE_PLACES = {
    "sacrum": "sacrum", "c7": "c7", "t10": "t10", "notch": "suprasternal_notch", "xiphoid": "xiphoid",
    "vertex": "vertex",
}  # fmt: skip

TRACKERS = {
    "thigh": "femur", "shank": "tibia", "upperarm": "humerus", "forearm": "forearm", "hand": "hand", "wrist": "forearm",
    "midfoot": "midfoot", "cuboid": "midfoot", "hindfoot": "calcaneus", "mt3": "forefoot_medial",
    "mt4": "forefoot_lateral", "patella": "femur",
}  # fmt: skip

TRUNK_TRACKERS = {
    "pelvis": "pelvis", "spine": "thorax", "sternum": "thorax", "notch": "thorax", "xiphoid": "thorax", "head_": "head"
}  # fmt: skip

MIDLINE_TRACKERS = {"vertebra": "thorax", "sacral_vertebra": "pelvis"}

#: (noun, face) of a place that a face decides; '' is no face.
FACED_PLACES = {
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
IDLE = {"metatarsal": {"head"}, "fibula": {"head", "lateral", "upper"}, "tuberosity": {"front", "upper"}}
