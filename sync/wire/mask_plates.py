"""Number plates in a text. No I/O.

Most countries' plates are short, and a model (BMW X5), a size (XL 42) or a shelf (12-B) is as well. So the hyphens of a
plate count, in small letters only without vowels where its country uses none; with blanks it has to be in capitals, in
a text that isn't all in capitals, and no unit, brand or word may stand in it. In one piece only the British form is
nobody else's. Where a word before says that a plate follows, five to eight letters and digits are one.

German plates begin with one of the districts of DISTRICTS: else USB-C 3 would be one. WI-FI
6 would be all the same, and some others are named."""

import re
from typing import Any, NamedTuple

from sync.wire.folding import END, Folded, Span

_BEGIN, _END = "(^|[^A-Za-z0-9À-ɏ-])", "(?![A-Za-z0-9À-ɏ]|-[A-Za-z0-9])"
DUTCH = "XX-99-99 99-99-XX 99-XX-99 XX-99-XX XX-XX-99 99-XX-XX 99-XXX-9 9-XXX-99 XX-999-X X-999-XX XXX-99-X X-99-XXX"
DUTCH = f"{DUTCH} 9-XX-999 999-XX-9"
"""The Dutch sidecodes."""
DISTRICTS = (
    "A AA AB ABG ABI AC AE AH AIB AIC AK ALF ALZ AM AN ANA ANG ANK AÖ AP APD ARN ART AS ASL ASZ AT AU AUR AW AZ AZE B"
    " BA BAD BAR BB BBG BBL BC BCH BD BE BED BER BF BGD BGL BH BI BID BIN BIR BIT BIW BK BKS BL BLB BLK BM BN BNA BO"
    " BOG BOH BOR BOT BRA BRB BRG BRI BRK BRL BRV BS BSB BSK BT BTF BUL BÜD BÜR BÜS BÜZ BW BWL BYL BZ BZA C CA CAS CB"
    " CE CHA CLP CLZ CO COC COE CR CUX CW D DA DAH DAN DAU DB DBR DD DE DEG DEL DGF DH DI DIL DIN DIZ DKB DL DLG DM"
    " DN DO DON DS DU DÜW DW DZ E EA EB EBE EBN EBS ECK ED EE EF EG EH EI EIC EIL EIN EIS EL EM EMD EMS EN ER ERB ERH"
    " ERK ERZ ES ESB ESW EU EUT EW F FB FD FDB FDS FEU FF FFB FG FH FI FKB FL FLÖ FN FO FOR FR FRG FRI FRW FS FT FTL"
    " FÜ FÜS FW FZ G GA GAN GAP GC GD GDB GE GEL GEM GEO GER GF GG GHA GHC GI GK GL GLA GM GMN GN GNT GÖ GOA GOH GP"
    " GR GRA GRH GRI GRM GRS GRZ GS GT GTH GÜ GUB GUN GV GVM GW GZ H HA HAB HAL HAM HAS HB HBN HBS HC HCH HD HDH HDL"
    " HE HEB HEF HEI HEL HER HET HF HG HGN HGW HH HHM HI HIG HIP HK HL HM HMÜ HN HO HOG HOH HOL HOM HOR HÖS HOT HP HR"
    " HRO HS HSK HST HU HUN HUS HV HVL HWI HX HY HZ IGB IK IL ILL IN IZ J JE JL JÜL K KA KB KC KE KEH KEL KEM KF KG KH"
    " KI KIB KK KL KLE KLZ KM KN KO KÖN KÖT KÖZ KR KRU KS KT KU KÜN KUS KW KY KYF L LA LAN LAU LB LBS LBZ LC LD LDK"
    " LDS LEO LER LEV LF LG LH LI LIB LIF LIP LL LM LN LÖ LÖB LOS LP LR LRO LSA LSN LSZ LU LÜN LUP LWL M MA MAB MAI"
    " MAK MAL MB MC MD ME MED MEG MEI MEK MEL MER MET MG MGH MGN MH MHL MI MIL MK MKK ML MM MN MO MOD MOL MON MOS MQ"
    " MR MS MSE MSH MSP MST MTK MTL MÜ MÜB MÜL MÜR MVL MW MY MYK MZ MZG N NAB NAI NAU NB ND NDH NE NEA NEB NEC NEN NES"
    " NEW NF NH NI NK NL NM NMB NMS NÖ NOH NOL NOM NOR NP NR NRÜ NT NU NVP NW NWM NY NZ OA OAL OB OBB OBG OC OCH OD OE"
    " OF OG OH OHA ÖHR OHV OHZ OK OL OP OPR OS OSL OVI OVL OVP OZ P PA PAF PAN PAR PB PCH PE PEG PF PI PIR PK PL PLÖ PM"
    " PN PR PRÜ PS PW PZ QFT QLB R RA RC RD RDG RE REG REH REI RG RH RI RID RIE RL RM RN RO ROD ROF ROH ROK ROL ROS"
    " ROT ROW RP RS RSL RT RU RÜD RÜG RV RW RY RZ S SAB SAD SAN SAW SB SBG SBK SC SCZ SDH SDL SDT SE SEB SEE SEF SEL"
    " SFB SFT SG SGH SH SHA SHG SHK SHL SI SIG SIM SK SL SLE SLF SLG SLK SLN SLS SLÜ SLZ SM SMÜ SN SO SOB SOG SOK SÖM"
    " SON SP SPB SPN SR SRB SRO ST STA STB STD STE STL STO SU SUL SÜW SW SWA SY SZ SZB TBB TDO TE TET TF TG TIR TO TÖL"
    " TP TR TS TT TÜ TUT UE UEM UFF UH UL UM UN USI V VAI VB VEC VER VG VIB VIE VIT VK VOH VR VS W WA WAF WAK WAN WAR"
    " WAT WB WBS WDA WE WEB WEL WEN WER WES WF WG WHV WI WIL WIS WIT WIZ WK WL WLG WM WMS WN WND WO WOB WOH WOL WOR"
    " WOS WR WRN WS WSF WST WSW WT WTL WTM WÜ WUG WÜM WUN WUR WW WZ WZL X Y Z ZE ZEL ZI ZIG ZP ZR ZW ZZ"
)
WORDS = (
    "GB TB MB KB KG MG CM MM KM ML CL DL HZ KW MP TV PC HP LG NR NO ID PO EU UK US UE QE KD SM GT RX OK XL XS XXL"
    " BMW USB MAX TOP BUS VAN CAN PIN LED PSA DHL UPS DPD GLS PSU SSD HDD RAM CPU GPU RTX GTX AMD MSI AEG JBL LCD TFT"
    " DVD HDR FPS KIA KTM GSM SIM PCS EUR USD GBP SEK NOK DKK CHF PLN MIN SEC STK THE AND NOT ALL FOR YOU HET EEN DIE"
    " DAS DER UND DEN NUR ONE TWO LES DES UNE PAS MET AAN VOL MAR APR MAY MEI JUN JUL AUG SEP OCT OKT NOV DEC DEZ JAN"
    " FEB KWH WLAN REF NUM TEL BTW VAT TVA MWH DIN ISO PDF GPS ABS SUV VIP WIFI LAN PRO UHD WMF ETA TAXI BAR FAX"
    " ICE TGV RER KLM"
)
"""Letters in capitals that are no part of a plate with blanks, or of three letters and three digits."""
COUNTRIES = "NL DE FR SE PL ES IT FI AT BE CH DK LU PT IE CZ SK HU"
"""Before a postal code; in WORDS as well."""
NEVER = ("WI-FI", "DO-IT", "E-ID", "S-M", "M-L", "A-Z", "A-B", "K-O")
"""A district and letters that are said more often than driven."""
CUE = (
    r"(?:kenteken|nummerplaat|nummerplate|plates?|registration|kennzeichen|nummernschild"
    r"|immatriculation|plaque|matrícula|matricula|targa|skilt|nummerplade|nummerplåt|registreringsnummer|regnr"
    r"|rejestrac[a-z]*|plaka|لوحة)"
    rf"[^0-9\n]{{0,20}}{END}"
)
BEFORE = 44
PIECE = "(^|[^A-Za-z0-9À-ɏ-])((?=[A-Za-z]{0,7}[0-9])(?=[0-9]{0,7}[A-Za-z])[A-Za-z0-9]{5,8})(?![A-Za-z0-9À-ɏ])"
SHOUTED = 10
"""From so many capitals on, and nothing else, a text is one of capitals."""
_HIGH = {code: code - 32 for code in (*range(97, 123), 0xE4, 0xF6, 0xFC)}


class Form(NamedTuple):
    """What a plate looks like: the whole of it in group 2. `check`: "" for none; "loud": in capitals, so not in a text
    of capitals, nor with one of WORDS in it; "district": a district in group 3, and letters in group 4; or "both"."""

    pattern: str
    check: str


def _dutch(letter: str, gap: str) -> str:
    signs = {"X": letter, "9": "[0-9]", "-": gap, " ": "|"}
    return "".join(signs[sign] for sign in DUTCH)


_F, _f = "[A-HJ-NP-TV-Z]", "[a-hj-np-tv-z]"
_MIDDLES = (
    (_dutch("[A-Z]", "-"), ""),
    (_dutch("[bdfghj-np-tv-z]", "-"), ""),
    (_dutch("[B-DF-HJ-NP-TV-XZ]", " "), "loud"),
    (f"{_F}{{2}}-[0-9]{{3}}-{_F}{{2}}", ""),  # France, Italy
    (f"{_f}{{2}}-[0-9]{{3}}-{_f}{{2}}", ""),
    (f"{_F}{{2}} [0-9]{{3}} {_F}{{2}}", "loud"),
    ("[1-9][ .-][A-Z]{3}[ .-][0-9]{3}", "loud"),  # Belgium
    ("[1-9]-[a-z]{3}-[0-9]{3}", ""),
    ("[A-Z]{3}[ -][0-9]{2}[0-9A-HJ-PR-Z]", "loud"),  # Sweden, Belgium before
    ("[0-9]{3}-[A-Z]{3}", "loud"),
    ("[A-HJ-PR-Y]{2}(?:0[2-9]|[127][0-9]|[56][1-9]|70) ?[A-HJ-PR-Z]{3}", "loud"),  # United Kingdom
    ("[A-HJ-NPR-Z]{2}[ -][0-9]{5}", "loud"),  # Norway
    ("[A-Z]{2} [0-9]{2}[ .][0-9]{3}", "loud"),  # Denmark
    ("([A-ZÄÖÜ]{1,3})-([A-Z]{1,2})[ -]?[1-9][0-9]{0,3}[EH]?", "district"),  # Germany
    ("([A-ZÄÖÜ]{1,3}) ([A-Z]{1,2}) [1-9][0-9]{2,3}[EH]?", "both"),
    ("([a-zäöü]{1,3})-([a-z]{1,2})[ -]?[1-9][0-9]{2,3}[eh]?", "district"),
)
FORMS = tuple(Form(f"{_BEGIN}({middle}){_END}", check) for middle, check in _MIDDLES)

_forms = tuple((re.compile(form.pattern), form.check) for form in FORMS)
_piece, _cue = re.compile(PIECE), re.compile(CUE)
_DISTRICTS, _WORDS = frozenset(DISTRICTS.split()), frozenset(f"{WORDS} {COUNTRIES}".split())
_capital, _small, _letters = re.compile("[A-Z]"), re.compile("[a-zß-ÿ]"), re.compile("[A-ZÄÖÜ]+")


def told() -> dict[str, Any]:
    return {
        "forms": FORMS, "districts": DISTRICTS, "words": f"{WORDS} {COUNTRIES}", "never": NEVER, "cue": CUE,
        "before": BEFORE, "piece": PIECE, "shouted": SHOUTED,
    }  # fmt: skip


def spans(text: Folded) -> list[Span]:
    shouts = not _small.search(text.plain) and len(_capital.findall(text.plain)) >= SHOUTED
    found = [
        one.span(2)
        for form, check in _forms
        for one in form.finditer(text.plain)
        if not (check in ("loud", "both") and (shouts or _says(one.group(2))))
        and not (check in ("district", "both") and not _is_german(one.group(3), one.group(4)))
    ]
    found += [one.span(2) for one in _piece.finditer(text.plain) if _is_told(text.low, one.start(2))]
    kept: list[Span] = []
    for span in sorted(found):
        if not kept or span[0] >= kept[-1][1]:
            kept.append(span)
    return kept


def _says(plate: str) -> bool:
    """Whether something in it is no part of a plate."""
    return any(letters in _WORDS for letters in _letters.findall(plate))


def _is_german(district: str, letters: str) -> bool:
    # Not upper(): a text's own capitals of ß and the like are longer.
    district, letters = district.translate(_HIGH), letters.translate(_HIGH)
    return district in _DISTRICTS and letters not in _WORDS and f"{district}-{letters}" not in NEVER


def _is_told(low: str, start: int) -> bool:
    return bool(_cue.search(low[max(start - BEFORE, 0) : start]))
