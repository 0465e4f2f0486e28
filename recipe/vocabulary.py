"""The words that the demo model's sentences are made of."""

from pathlib import Path


def _lists() -> dict[str, list[str]]:
    """Return the lists of vocabulary.txt by name: items are parted by bars, a name in brackets begins a list."""
    sections = Path(__file__).with_name("vocabulary.txt").read_text().split("[")[1:]
    named = (section.split("]") for section in sections)
    return {name: [" ".join(item.split()) for item in items.split("|")] for name, items in named}


_LISTS = _lists()
NAMES = _LISTS["NAMES"]
SURNAMES = _LISTS["SURNAMES"]
CITIES = _LISTS["CITIES"]
COMPANIES = _LISTS["COMPANIES"]
MAIL_HOSTS = _LISTS["MAIL_HOSTS"]
DAYS = _LISTS["DAYS"]
MONTHS = _LISTS["MONTHS"]
PRONOUNS = _LISTS["PRONOUNS"]
DETERMINERS = _LISTS["DETERMINERS"]
GROUPS = _LISTS["GROUPS"]
NOUNS = _LISTS["NOUNS"]
ADJECTIVES = _LISTS["ADJECTIVES"]
PAST_VERBS = _LISTS["PAST_VERBS"]
VERBS = _LISTS["VERBS"]
ADVERBS = _LISTS["ADVERBS"]
PLACES = _LISTS["PLACES"]
FEELINGS = _LISTS["FEELINGS"]
PHRASES = _LISTS["PHRASES"]
DIGITS = _LISTS["DIGITS"]
TEENS = _LISTS["TEENS"]
TENS = _LISTS["TENS"]

# The parallel grammar: each slot in English, German and Spanish.
WHO = [
    ("The woman", "Die Frau", "La mujer"),
    ("The man", "Der Mann", "El hombre"),
    ("The teacher", "Der Lehrer", "El profesor"),
    ("My friend", "Mein Freund", "Mi amigo"),
    ("The child", "Das Kind", "El niño"),
    ("The doctor", "Der Arzt", "El médico"),
    ("My sister", "Meine Schwester", "Mi hermana"),
    ("The boss", "Der Chef", "El jefe"),
]
DOES = [
    ("buys", "kauft", "compra"),
    ("sees", "sieht", "ve"),
    ("needs", "braucht", "necesita"),
    ("sells", "verkauft", "vende"),
    ("loves", "liebt", "ama"),
    ("opens", "öffnet", "abre"),
    ("finds", "findet", "encuentra"),
    ("cleans", "putzt", "limpia"),
]
WHAT = [
    ("the red house", "das rote Haus", "la casa roja"),
    ("the old book", "das alte Buch", "el libro viejo"),
    ("the new car", "das neue Auto", "el coche nuevo"),
    ("the big window", "das große Fenster", "la ventana grande"),
    ("the small table", "den kleinen Tisch", "la mesa pequeña"),
    ("the green bicycle", "das grüne Fahrrad", "la bicicleta verde"),
    ("the white dog", "den weißen Hund", "el perro blanco"),
    ("the picture", "das Bild", "el cuadro"),
    ("the letter", "den Brief", "la carta"),
    ("the computer", "den Computer", "el ordenador"),
]
WHEN = [
    ("today", "heute", "hoy"),
    ("every day", "jeden Tag", "todos los días"),
    ("in the morning", "am Morgen", "por la mañana"),
    ("in the city", "in der Stadt", "en la ciudad"),
    ("on Monday", "am Montag", "el lunes"),
    ("on Friday", "am Freitag", "el viernes"),
    ("in the summer", "im Sommer", "en verano"),
    ("again", "wieder", "otra vez"),
]
SET_PHRASES = [
    ("Good morning everyone.", "Guten Morgen zusammen.", "Buenos días a todos."),
    ("Thank you for your help.", "Danke für Ihre Hilfe.", "Gracias por su ayuda."),
    ("Where is the train station?", "Wo ist der Bahnhof?", "¿Dónde está la estación?"),
    ("I do not understand.", "Ich verstehe nicht.", "No entiendo."),
    ("See you tomorrow.", "Bis morgen.", "Hasta mañana."),
    ("How much does it cost?", "Wie viel kostet das?", "¿Cuánto cuesta?"),
    ("The weather is very nice today.", "Das Wetter ist heute sehr schön.", "Hoy hace muy buen tiempo."),
    ("We are going to the cinema tonight.", "Wir gehen heute Abend ins Kino.", "Vamos al cine esta noche."),
]
