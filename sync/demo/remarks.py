"""What the demo's customers write, by language: each remark with the reason it goes with."""

from typing import NamedTuple


class Remark(NamedTuple):
    reason: str
    text: str


def _remarks(*pairs: tuple[str, str]) -> tuple[Remark, ...]:
    return tuple(Remark(*pair) for pair in pairs)


UNHAPPY = {
    "en": _remarks(
        ("waiting", "Twenty minutes in the queue with one till open."),
        ("waiting", "I took a number, 48. They were at 21. I left."),
        ("waiting", "Click and collect is not quick if you stand behind everyone who is paying."),
        ("waiting", "Missed my train waiting for someone to unlock the phone cabinet."),
        ("waiting", "Nobody at the repairs desk for a quarter of an hour."),
        ("staff", "Two people at the counter were chatting and did not look up."),
        ("staff", "He told me to look it up online. I was in the shop to ask a person."),
        ("staff", "Felt rushed. I had one simple question about a warranty."),
        ("choice", "The website said 4 in stock, the shelf said otherwise."),
        ("choice", "No right-handed trackball, no left-handed one either."),
        ("choice", "Came for a charger for my old laptop. You only sell the new ones."),
        ("price", "The tag said 39, the till said 49. I got 39 in the end but had to argue."),
        ("price", "A bag for 60 cents after spending 900. Really?"),
        ("clean", "Sticky floor near the coffee machines."),
        ("clean", "The headphones on display have been in a lot of ears. Wipes, please!"),
        ("other", "The lift was broken and I have a pram."),
        ("other", "Music so loud I could not hear what he was explaining."),
        (
            "other",
            "I brought back a coffee machine that leaked. The first colleague said it was my own fault, the second "
            "one said it was a known problem, the third one found the part in the back and fixed it in five minutes. "
            "Why was the third one not the first one? I was there for an hour and ten minutes and my parking ticket "
            "cost more than the part.",
        ),
    ),
    "nl": _remarks(
        ("waiting", "Drie kassa’s, één open. Op zaterdag."),
        ("waiting", "Ruim een half uur gewacht voor een pakketje dat al klaarlag."),
        ("waiting", "Nummertje getrokken en daarna vergeten, leek het wel."),
        ("waiting", "Alleen iets ophalen en toch 25 minuten in de rij."),
        ("waiting", "Lang wachten bij reparatie, en geen stoel."),
        ("waiting", "Waarom staat er maar één iemand achter de balie?"),
        ("staff", "Verkoper liep weg midden in mijn vraag en kwam niet terug."),
        ("staff", "Werd met je en jij aangesproken en niet geholpen."),
        ("staff", "Drie mensen gevraagd, drie verschillende antwoorden."),
        ("choice", "Online op voorraad, in de winkel niet te vinden."),
        ("choice", "Weer geen inkt voor mijn printer. Dit is de derde keer."),
        ("choice", "Weinig keus in kleine koelkasten, en ik woon nu eenmaal klein."),
        ("price", "Prijs op het schap klopte niet met de kassa."),
        ("price", "Elders tien euro goedkoper en jullie doen niet mee."),
        ("clean", "De toonbank plakte en de vloer was ook niet schoon."),
        ("other", "Kon met de rolstoel niet bij de pinautomaat."),
        ("other", "Het was er bloedheet, iedereen stond te puffen."),
        (
            "staff",
            "Ik kwam voor een wasmachine en wist precies welke. Toch moest ik eerst een heel gesprek voeren over een "
            "duurdere, daarna over een garantie die ik niet wilde en toen nog over een abonnement. Toen ik voor de "
            "vierde keer nee zei, was de wasmachine die ik wél wilde opeens niet meer leverbaar deze week. Ik heb hem "
            "thuis online besteld en hij komt morgen.",
        ),
    ),
    "de": _remarks(
        ("waiting", "Eine Kasse offen, zwölf Leute davor. Muss das sein?"),
        ("waiting", "40 Minuten für eine Abholung. Vierzig!"),
        ("waiting", "Zum Bezahlen länger gebraucht als zum Aussuchen."),
        ("waiting", "Nummer gezogen, gewartet, Nummer wurde übersprungen."),
        ("waiting", "An der Reparaturannahme war lange niemand."),
        ("waiting", "Schlange bis zum Eingang, und das an einem Vormittag."),
        ("waiting", "Meine Mittagspause war um, bevor ich dran war."),
        ("staff", "Der Verkäufer war unfreundlich und hat die Augen verdreht."),
        ("staff", "Niemand konnte mir sagen, ob das Kabel passt."),
        ("staff", "Man wird nicht gegrüßt und nicht gesehen."),
        ("choice", "Laut Internet vorrätig, im Laden nicht. Umsonst gefahren."),
        ("choice", "Ersatzfilter gibt es nie. Den Staubsauger verkaufen Sie aber."),
        ("price", "Am Regal 79 €, an der Kasse 89 €. Erst nach Diskussion korrigiert."),
        ("price", "Einbauservice kostet jetzt extra, das stand nirgends."),
        ("clean", "Die Kundentoilette war in keinem guten Zustand."),
        ("other", "Kein einziger Sitzplatz. Ich bin 78."),
        ("other", "Rückgabe nur mit ausgedrucktem Beleg? Ich habe die Mail auf dem Handy gezeigt."),
        (
            "waiting",
            "Ich wollte nur ein Paket abholen. Am Eingang schickte man mich zur Kasse, an der Kasse zur "
            "Abholstation, dort hing ein Zettel: bitte an der Kasse melden. Also wieder anstellen. Die junge Frau, die "
            "mir am Ende geholfen hat, war sehr nett und kann nichts dafür, aber irgendjemand sollte diesen Weg einmal "
            "selbst gehen.",
        ),
    ),
    "fr": _remarks(
        ("waiting", "Une seule caisse ouverte un samedi, franchement…"),
        ("waiting", "Trente-cinq minutes pour retirer un colis déjà payé."),
        ("waiting", "J’ai attendu au comptoir des réparations, personne n’est venu."),
        ("waiting", "La file passait devant les aspirateurs et jusqu’à la porte."),
        ("waiting", "Trop d’attente, j’ai laissé mes achats et je suis partie."),
        ("staff", "Vendeur désagréable, il a soupiré quand j’ai posé ma question."),
        ("staff", "Personne ne parlait français au service après-vente."),
        ("staff", "On m’a renvoyé d’un collègue à l’autre, quatre fois."),
        ("choice", "En stock sur le site, introuvable en rayon."),
        ("choice", "Pas de cartouches pour mon imprimante, encore une fois."),
        ("choice", "Très peu de choix en machines à laver étroites."),
        ("price", "Le prix affiché n’était pas celui de la caisse."),
        ("price", "La promotion était terminée mais l’affiche était toujours là."),
        ("clean", "Le sol collait près des machines à café."),
        ("clean", "Écrans de démonstration couverts de traces de doigts."),
        ("other", "L’escalator est en panne depuis des semaines."),
        ("other", "Impossible de se garer, même pour charger un lave-linge."),
        (
            "other",
            "Mon écran est tombé en panne après treize mois. On m’a d’abord dit que la garantie était finie, puis "
            "qu’elle durait deux ans, puis qu’il fallait revenir avec la boîte d’origine. Qui garde la boîte d’un "
            "écran pendant treize mois ? Je suis revenu avec la boîte du voisin et tout s’est bien passé. J’aurais "
            "préféré ne pas devoir sonner chez le voisin.",
        ),
    ),
}

WORSE = {
    "en": _remarks(
        ("waiting", "Used to be quick here. Not since this week."),
        ("waiting", "What happened? Last week two counters were open, now one."),
    ),
    "de": _remarks(
        ("waiting", "Seit dieser Woche wartet man hier ewig. Was ist passiert?"),
        ("waiting", "Früher ging das zackig, jetzt Schlange bis zum Eingang."),
        ("waiting", "Wo ist das Personal von letzter Woche?"),
        ("waiting", "Schon das zweite Mal diese Woche so lange gewartet."),
    ),
}
"""What only those write who know a place from before it got worse."""

HAPPY = {
    "en": _remarks(
        ("staff", "Sanne knew more about kettles than I thought there was to know."),
        ("staff", "He said the cheaper one was enough for me. I will be back."),
        ("staff", "Very patient with my father, who asked everything twice."),
        ("staff", "Friendly, and honest that the other model breaks more often."),
        ("staff", "They carried the TV to my car without being asked 😊"),
        ("waiting", "In and out in three minutes. Wonderful."),
        ("waiting", "Straight to the counter, parcel was ready."),
        ("waiting", "Phone repaired while I had a coffee."),
        ("choice", "Finally a shop where you can hold the cameras."),
        ("choice", "You had the odd cable nobody has."),
        ("choice", "Great wall of headphones and you may try them all."),
        ("price", "They matched the price from the other shop, no fuss."),
        ("price", "Fair price, and the old one was taken back for free."),
        ("clean", "Bright, tidy, easy to find things."),
        ("clean", "Spotless, even the demo keyboards."),
        ("other", "The wall of old phones made my children laugh."),
        ("other", "Good. <b>Very</b> good. <script>alert('I work in IT')</script>"),
        (
            "staff",
            "I came in with a shoebox of cables from my late husband and no idea what any of them were for. The "
            "young man sat down with me, sorted them in two heaps, showed me which one belongs to the printer and "
            "wrote it on a label. He sold me nothing at all. Please tell him that the printer works.",
        ),
    ),
    "nl": _remarks(
        ("staff", "Heel vriendelijk geholpen door een jongen met een knotje."),
        ("staff", "Eerlijk advies: ik had de dure helemaal niet nodig."),
        ("staff", "Ze nam echt de tijd en legde alles rustig uit."),
        ("staff", "Top kerel bij de reparaties, probleem in vijf minuten opgelost."),
        ("staff", "Mijn zoontje mocht de doos openmaken. Dag goed."),
        ("waiting", "Binnen, betaald, buiten. Heerlijk."),
        ("waiting", "Geen rij, pakketje lag klaar, klaar."),
        ("waiting", "Was meteen aan de beurt, ook al was het druk."),
        ("choice", "Eindelijk koptelefoons die je echt kunt proberen."),
        ("choice", "Alles op voorraad wat ik zocht, zelfs dat rare snoertje."),
        ("choice", "Fijn dat de wasmachines naast elkaar staan met uitleg erbij."),
        ("price", "Prijs werd zonder zeuren aangepast aan de website."),
        ("price", "Nette prijs en de oude mee teruggenomen."),
        ("clean", "Opgeruimde winkel, alles meteen te vinden."),
        ("clean", "Mooie frisse winkel geworden na de verbouwing."),
        ("other", "De koffie is gratis én lekker."),
        ("other", "Gewoon goed, niets te klagen."),
        (
            "staff",
            "Twee weken geleden was ik hier boos weggegaan omdat mijn laptop kwijt was. Vandaag werd ik herkend, kreeg "
            "ik excuses, de laptop én een hoes cadeau. Dat had niet gehoeven, maar zo hoort het wel. Complimenten aan "
            "de mevrouw van de servicebalie.",
        ),
    ),
    "de": _remarks(
        ("staff", "Sehr kompetente Beratung, ohne mir etwas aufzuschwatzen."),
        ("staff", "Der junge Mann bei den Kameras brennt für sein Thema."),
        ("staff", "Freundlich, obwohl kurz vor Ladenschluss."),
        ("staff", "Hat meiner Mutter das Handy gleich eingerichtet. Danke!"),
        ("staff", "Ehrlich gesagt, dass ich das teurere Modell nicht brauche."),
        ("waiting", "Bestellt, gekommen, abgeholt. Zwei Minuten."),
        ("waiting", "Kein Anstehen, sofort drangekommen."),
        ("waiting", "Display getauscht, während ich einkaufen war."),
        ("choice", "Hier darf man alles anfassen und ausprobieren."),
        ("choice", "Endlich ein Laden mit Ersatzteilen."),
        ("choice", "Riesige Auswahl an Kopfhörern, und gut sortiert."),
        ("price", "Online-Preis wurde ohne Diskussion übernommen."),
        ("price", "Fairer Preis für die Inzahlungnahme."),
        ("clean", "Alles sauber und übersichtlich."),
        ("clean", "Helle, aufgeräumte Filiale, da kauft man gern ein."),
        ("other", "Die Spielecke hat uns den Einkauf gerettet."),
        ("other", "Passt. Wie immer."),
        (
            "staff",
            "Ich habe drei Läden durch, bevor ich hier war. Überall hieß es: neu kaufen. Hier hat sich jemand die "
            "Spülmaschine auf meinen Fotos angesehen, eine Dichtung für 7 Euro verkauft und mir aufgezeichnet, wie man "
            "sie einsetzt. Sie läuft wieder. Das erzähle ich weiter.",
        ),
    ),
    "fr": _remarks(
        ("staff", "Accueil chaleureux et conseils honnêtes."),
        ("staff", "La vendeuse a pris le temps, sans pousser à l’achat."),
        ("staff", "Merci au monsieur qui a porté la machine jusqu’à la voiture."),
        ("staff", "Très compétent sur les objectifs, un vrai passionné."),
        ("staff", "On m’a expliqué trois fois, avec le sourire."),
        ("waiting", "Aucune attente, colis prêt, parfait."),
        ("waiting", "Servie tout de suite, un vendredi soir !"),
        ("waiting", "Réparé pendant ma pause déjeuner."),
        ("choice", "On peut tout essayer, c’est rare."),
        ("choice", "J’ai trouvé l’adaptateur que je cherchais depuis des mois."),
        ("choice", "Beau rayon de platines, bravo."),
        ("price", "Prix du site appliqué sans discuter."),
        ("price", "Bonne reprise de mon ancien téléphone."),
        ("clean", "Magasin propre et bien rangé."),
        ("clean", "Clair, calme, agréable."),
        ("other", "Le café offert, petite attention appréciée."),
        ("other", "Rien à dire, continuez."),
        (
            "staff",
            "Ma grand-mère voulait « un téléphone qui fait téléphone ». On ne s’est pas moqué d’elle, on lui en a "
            "montré trois, on a enregistré mon numéro et celui du médecin, et on lui a fait essayer un appel dans le "
            "magasin. Elle m’a appelée du rayon lave-vaisselle. Elle était ravie, et moi aussi.",
        ),
    ),
}
