"""HASH's codes in words: what an object is, by its status and its morphology.

Source: the notes of the ReadMe of catalogue V/163 at CDS (columns PNstat and morphMainClass).
"""

STATUS = {
    "T": "PN",
    "L": "likely PN",
    "P": "possible PN",
    "agb": "AGB star",
    "agb?": "possible AGB star",
    "q": "artefact",
    "Be*": "Be star",
    "Be?": "possible Be star",
    "CV*": "cataclysmic variable",
    "cir": "circumstellar matter",
    "Cl*": "star cluster",
    "CGb": "cometary globule",
    "Em*": "emission-line star",
    "?Em*": "possible emission-line star",
    "EmO": "emission object",
    "G": "galaxy",
    "G?": "possible galaxy",
    "HH": "Herbig-Haro object",
    "HH?": "possible Herbig-Haro object",
    "HII": "HII region",
    "o": "interesting object",
    "iISM": "ionized ISM",
    "c": "new candidate",
    "X": "not PN",
    "N": "not PN, to check",
    "ooun": "object of unknown nature",
    "s": "object to check",
    "a": "post-AGB star or pre-PN",
    "b": "possible pre-PN",
    "ev": "transient",
    "ev?": "possible transient",
    "e": "R CrB or extreme helium star",
    "RNe": "reflection nebula",
    "r": "RV Tauri star",
    "star": "star",
    "SNR": "supernova remnant",
    "SR?": "possible supernova remnant",
    "Sy*": "symbiotic star",
    "Sy?": "possible symbiotic star",
    "test": "test object",
    "k": "transition object",
    "WD*": "white dwarf or hot subdwarf",
    "Y*O": "young stellar object",
    "Y*?": "possible young stellar object",
}
MORPHOLOGY = {
    "E": "elliptical",
    "R": "round",
    "B": "bipolar",
    "I": "irregular",
    "A": "asymmetric",
    "S": "quasi-stellar",
}


def kind_of(status: str, morphology: str) -> str:
    """An object's kind in words; a code that is not known stands for itself.

    The morphology is told of planetary nebulae only: others have none that means the same.
    """
    words = STATUS.get(status, status)
    shape = MORPHOLOGY.get(morphology[:1].upper() if morphology else "")
    return f"{shape} {words}" if status == "T" and shape else words
