"""The words that introduce what others say, as lemmas, by what may follow them.

Written from general knowledge of English; which words pay was decided on the even-hashed half of
PolNeAR's open part (Newell, Margolin and Ruths 2018, "An Attribution Relations Corpus for
Political News"), by the precision of each word there.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.tokens import Token


def lemma(word: "Token") -> str:
    """A word's lemma, mended where spaCy's rules go wrong."""
    found = word.lemma_.lower()
    return _MENDED.get(word.lower_, found)


_MENDED = {
    "hopes": "hope",
    "hoped": "hope",
    "hoping": "hope",
    "claims": "claim",
    "charges": "charge",
    "bragged": "brag",
}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# A clause or a quotation follows: the plain verbs of saying and writing.
SAYING = _words("""
    say tell add report announce claim argue note warn insist state declare explain write tweet post
    acknowledge admit concede confirm assert allege contend maintain predict reply respond respond
    answer continue conclude remark comment observe recall reveal disclose stress emphasize emphasise
    reiterate repeat suggest indicate imply complain caution charge counter quip joke boast brag testify
    vow pledge promise swear threaten shout yell cry whisper exclaim chant declare proclaim proclaim
    read interject inform advise remind assure convince brief recount relate describe ask inquire wonder
    urge propose recommend forecast estimate project calculate retort muse opine lament deny dispute
    reject dismiss refute rebut blog text email retweet cable quote cite telegraph air broadcast publish
    detail summarize summarise speculate guess hint
    """)
# A clause follows: what documents, studies and witnesses bring to light.
FINDING = _words("""
    show find learn discover determine reveal conclude rule demonstrate prove document
    """)
# A clause follows: what somebody holds, hopes or fears. The document vouches for the holder only.
HOLDING = _words("""
    believe think feel hope fear worry expect suspect doubt consider deem know understand realize
    realise want wish hold agree disagree assume anticipate imagine dream guess regret intend prefer
    decide
    """)
# "to" and a verb follow.
INTENDING = _words("""
    want plan hope vow pledge promise threaten refuse decline agree offer intend expect seek decide ask
    urge encourage tell order instruct demand wish prefer propose swear call beg warn advise invite
    request challenge implore exhort direct claim
    """)
# A noun follows: what somebody says of it, or holds of it.
JUDGING = _words("""
    criticize criticise condemn denounce question praise blame mock oppose support endorse back mention
    cite discuss describe call dismiss reject deny blast slam tout defend propose promise demand want
    accuse applaud welcome highlight underscore stress emphasize favor favour hail deride ridicule decry
    deplore lament bemoan lambast lambaste bash rip chide scold rebuke commend compare dispute refute
    rebut confirm acknowledge admit announce reveal outline explain detail report express voice
    reiterate repeat claim predict forecast urge advocate recommend suggest label brand characterize
    characterise portray depict paint dub view believe love hate despise like dislike judge resent fear
    doubt suspect deem note recall invoke quote allege signal disavow repudiate renounce denigrate
    disparage disclose mull weigh plan pledge embrace
    """)
# A preposition follows.
ADDRESSING = {
    "call": _words("for on upon"), "accuse": _words("of"), "complain": _words("about of"),
    "talk": _words("about of"), "speak": _words("about of against out"), "warn": _words("of about against"),
    "respond": _words("to by with"), "agree": _words("with on to"), "disagree": _words("with on about"),
    "point": _words("to out"), "refer": _words("to"), "argue": _words("for against about"),
    "vote": _words("for against"), "advocate": _words("for"), "push": _words("for"), "worry": _words("about"),
    "object": _words("to"), "comment": _words("on about"), "allude": _words("to"),
    "boast": _words("of about"),
    "brag": _words("about"), "react": _words("to"), "appeal": _words("for to"), "plead": _words("for"),
    "insist": _words("on"), "hint": _words("at"), "dream": _words("of about"), "think": _words("about of"),
    "write": _words("about of"), "joke": _words("about"), "report": _words("on about"),
    "testify": _words("about"), "elaborate": _words("on"), "believe": _words("in"), "rail": _words("against"),
    "caution": _words("against"), "protest": _words("against"), "campaign": _words("for against"),
    "apologize": _words("for"), "apologise": _words("for"), "inquire": _words("about"), "hope": _words("for"),
    "decide": _words("on against"), "describe": _words("as"),
    "tweet": _words("about"), "lash": _words("out"),
    "side": _words("with"), "press": _words("for"),
}  # fmt: skip
# "to" or "by" and another verb follow, and that one is the cue: "went on to say", "declined to say".
LEADING = _words("""
    go begin start continue proceed try seem appear use be have close open end conclude manage rush
    """)

# Nouns of saying: "X's claim that ...", "the claim by X that ...".
NOUNS = _words("""
    claim statement report allegation assertion accusation argument warning announcement declaration
    suggestion remark comment criticism contention belief view opinion prediction promise pledge vow
    call demand insistence denial admission hope fear concern acknowledgment acknowledgement charge
    complaint conclusion finding estimate forecast testimony threat question praise tweet assurance
    refusal desire support opposition condemnation endorsement rhetoric attack position stance
    """)
# Of those, the ones that hold what is said, and so can say it: "the report by X said".
DOCUMENTS = _words("""
    report statement study survey poll article story letter tweet post analysis investigation review
    document memo email message release paper book column editorial op-ed broadcast interview video
    dispatch communique bulletin transcript speech account
    """)
# Things that can show something, and say it so.
EVIDENCE = DOCUMENTS | _words("""
    data figure record photo photograph image footage average number result map leak file survey census
    website ad
    """)
# What is rejected or dismissed is denied only if it is something said: not a plan, a bill, an offer.
DENIABLE = NOUNS - _words("demand call support opposition attack question praise") | _words("""
    rumour rumor speculation notion idea charge reporting account version story
    """)
DENYING = _words("deny refute rebut dispute disavow contradict repudiate")
REJECTING = _words("reject dismiss scoff")

# That a thing is not certain, in the words of the sentence.
HEDGES = _words("""
    reportedly allegedly apparently supposedly purportedly possibly perhaps presumably seemingly
    ostensibly probably potentially unconfirmed unverified suspected alleged purported presumed rumored
    rumoured
    """)
HEDGED_TO = _words("""
    believe think suspect report rumor rumour presume assume understand fear say allege
    """)

# Nouns for people, which "he" or "she" may stand for.
PERSONS = _words("""
    man woman boy girl person president minister spokesman spokeswoman spokesperson official officer
    governor senator mayor leader chief chairman chairwoman chair director ambassador envoy diplomat
    general commander colonel captain soldier fighter rebel activist resident witness doctor nurse
    lawyer attorney judge professor teacher student analyst expert economist pollster author writer
    reporter journalist correspondent editor anchor host candidate nominee aide adviser advisor
    strategist consultant manager executive founder owner businessman businesswoman businessperson
    worker voter supporter opponent critic rival colleague friend brother sister father mother son
    daughter husband wife uncle aunt cousin child king queen prince princess premier chancellor
    secretary representative congressman congresswoman lawmaker legislator politician deputy head member
    delegate priest bishop pope imam cleric rabbi pastor victim survivor suspect prisoner detainee
    refugee neighbour neighbor farmer driver pilot player coach historian scientist researcher scholar
    fellow counsel prosecutor detective policeman guard agent source photographer negotiator mediator
    militant insurgent counterpart boss partner ally guest winner predecessor successor cop nanny baby
    kid guy gunman bomber
    """)

# "is sure that", "are worried about"
STATES = _words("""
    sure certain confident worried concerned afraid aware convinced optimistic pessimistic skeptical
    sceptical hopeful fearful doubtful adamant unsure uncertain critical supportive proud angry
    frustrated surprised disappointed glad happy sorry willing unwilling ready reluctant determined
    eager keen passionate coy
    """)
