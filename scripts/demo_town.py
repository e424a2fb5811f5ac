# SPDX-License-Identifier: AGPL-3.0-or-later
"""The first conversations of the demo site: an invented town, Saint-Aubin-sur-Orne, and its people.

THREADS: (forum, subject, [(author, parent or None, text), ...]); parent is the index of the
post answered. A quoted line is written as the author's mail client would write it.
"""

FORUMS = [
    ("voirie", "Voirie et déplacements", "Cadre de vie", "Rues, trottoirs, éclairage, vélo, stationnement."),
    ("culture", "Culture et fêtes", "Vivre ensemble", "Concerts, bibliothèque, fête de la Saint-Aubin, expositions."),
    ("jeunesse", "Jeunesse et écoles", "Vivre ensemble", "Écoles, cantine, centre de loisirs, clubs des jeunes."),
    ("vie-associative", "Vie associative", "Associations", "Salles, subventions, forum des associations, entraide entre bureaux."),
]

PEOPLE = {
    "marie": ("Marie Lefèvre", "marie.lefevre@courriel.example"),
    "paul": ("Paul Guérin", "paul.guerin@poste.example"),
    "amina": ("Amina Benali", "amina.benali@courriel.example"),
    "jean": ("Jean-Luc Moreau", "jl.moreau@libre.example"),
    "sophie": ("Sophie Marchand", "sophie.marchand@comitedesfetes.example"),
    "karim": ("Karim Haddad", "karim.haddad@poste.example"),
    "lucie": ("Lucie Perrot", "lucie.perrot@libre.example"),
    "mairie": ("Claire Vasseur", "claire.vasseur@mairie.example"),
    "denise": ("Denise Roux", "denise.roux@mairie.example"),  # the moderator
}

MODERATOR = "denise"

THREADS = [
    ("voirie", "Passage piéton effacé devant l'école des Tilleuls", [
        ("amina", None, """Bonjour à toutes et à tous,

Le passage piéton de la rue des Tilleuls ne se voit presque plus. Ce matin encore, une voiture
ne s'est pas arrêtée alors que six enfants attendaient au bord.

Savez-vous à qui il faut s'adresser pour le faire repeindre ?

Amina Benali
parent d'élève"""),
        ("paul", 0, """Bonjour Amina,

La commune repeint les passages au printemps, en avril en général. Mais devant une école on peut
demander une intervention hors programme. J'en avais parlé avec le service technique l'an dernier
pour la rue Basse : quinze jours après c'était fait.

Paul"""),
        ("mairie", 0, """Bonjour,

Merci du signalement. Le service de la voirie passera cette semaine mesurer l'usure ; la reprise
du marquage des abords de l'école est inscrite avant les vacances de Noël, si la météo le permet
(la peinture ne tient pas au-dessous de 5 degrés).

Claire Vasseur
services techniques, mairie de Saint-Aubin"""),
        ("amina", 2, """Merci beaucoup pour cette réponse rapide !

Le 18 novembre 2026 à 14:12, Claire Vasseur (Voirie et déplacements) a écrit :
> la reprise du marquage des abords de l'école est inscrite avant les vacances de Noël,
> si la météo le permet

En attendant, serait-il possible de remettre le panneau « école » tombé en octobre ? Il est
couché derrière le banc.

Amina"""),
    ]),
    ("voirie", "Stationnement des vélos place du Marché", [
        ("karim", None, """Bonjour,

Le samedi matin, il n'y a plus un arceau de libre autour de la halle, et les vélos finissent
attachés aux grilles de l'église. Combien d'arceaux la commune a-t-elle prévus pour 2027 ?

Karim, de l'association Saint-Aubin à Vélo"""),
        ("jean", 0, """Moi je trouve qu'il y a surtout trop de voitures ventouses sur les places à disque. Deux places
de moins et on met vingt vélos.

J.-L."""),
        ("marie", 1, """> Deux places de moins et on met vingt vélos.

Attention quand même : ma mère a 84 ans et ne marche pas bien, elle a besoin de se garer tout
près le samedi. On peut sûrement trouver un coin qui ne gêne personne, par exemple le long du
mur de l'ancienne poste.

> il y a surtout trop de voitures ventouses

Là, je suis d'accord.

Marie"""),
        ("karim", 2, """Le mur de l'ancienne poste, c'est une très bonne idée : on y tient sept arceaux sans toucher
au trottoir. Je joins le relevé que nous avons fait dimanche.

Karim""", "releve-arceaux.pdf"),
    ]),
    ("voirie", "Lampadaire éteint chemin du Lavoir", [
        ("lucie", None, """Bonsoir,

Le deuxième lampadaire en descendant vers le lavoir est éteint depuis une dizaine de jours.
Avec les feuilles mouillées, l'escalier devient dangereux dès 17 h 30.

Lucie Perrot"""),
        ("mairie", 0, """Bonjour,

Signalement transmis au syndicat d'électricité (dossier 2026-1184). Délai annoncé : cinq jours
ouvrés.

Claire Vasseur"""),
        ("lucie", 1, """Il remarche depuis hier soir, merci !

Lucie"""),
    ]),
    ("culture", "Fête de la Saint-Aubin : appel à bénévoles", [
        ("sophie", None, """Chers amis,

Le comité des fêtes prépare la Saint-Aubin du 1er mars. Il nous manque :

- deux personnes pour monter les barnums le vendredi après-midi ;
- quatre personnes pour la buvette, par roulement de deux heures ;
- quelqu'un qui sache se servir d'une friteuse sans mettre le feu (oui, c'est arrivé).

Répondez simplement à ce message.

Sophie Marchand, pour le comité des fêtes"""),
        ("jean", 0, """Présent pour les barnums, comme d'habitude. Il faudra racheter des sardines, les nôtres sont
tordues.

J.-L."""),
        ("amina", 0, """Je prends un créneau à la buvette, le matin de préférence.

Amina"""),
        ("sophie", 1, """Merci Jean-Luc. Pour les sardines j'en ai commandé quarante, elles arrivent en janvier.

Sophie"""),
    ]),
    ("culture", "Bibliothèque : horaires pendant les travaux", [
        ("mairie", None, """Bonjour,

Pendant les travaux d'isolation (du 4 au 22 janvier), la bibliothèque s'installe à la salle des
mariages. Ouverture le mercredi de 14 h à 18 h et le samedi de 10 h à 12 h 30. Les retours se
font dans la boîte de la mairie.

Claire Vasseur"""),
        ("marie", 0, """Bonjour, est-ce que la salle des mariages sera accessible avec un déambulateur ? La rampe est
souvent encombrée par les bacs à fleurs.

Marie"""),
        ("mairie", 1, """Les bacs seront déplacés pour la durée des travaux ; merci d'y avoir pensé.

Claire Vasseur"""),
    ]),
    ("culture", "Chorale : il nous manque des ténors", [
        ("lucie", None, """Bonjour,

La chorale « À travers chants » répète le jeudi à 20 h, salle Prévert. Nous avons quatorze
sopranos, neuf altos, cinq basses et... un seul ténor, qui commence à se lasser.

Aucune obligation de savoir lire la musique. On chante Fauré, Brassens et un peu de gospel.

Lucie"""),
        ("paul", 0, """Je chante faux, mais fort. Est-ce rédhibitoire ?

Paul"""),
        ("lucie", 1, """Viens jeudi, on en a redressé de plus tordus :-)

Lucie"""),
    ]),
    ("jeunesse", "Cantine : menus sans viande le mardi ?", [
        ("karim", None, """Bonjour,

Au dernier conseil d'école, la question d'un second repas sans viande par semaine a été posée.
Je propose d'en discuter ici avant la réunion du 10 décembre.

Karim Haddad, représentant des parents"""),
        ("jean", 0, """Un par semaine, c'est la loi et cela me va. Deux, j'aimerais d'abord savoir ce que cela coûte
et si les enfants mangent : mon petit-fils revient affamé les jours de boulgour.

Jean-Luc Moreau"""),
        ("amina", 1, """D'après le compte rendu de la commission des menus, le plat végétarien coûte 40 centimes de
moins, et ce qui est laissé dans les assiettes dépend surtout de la recette : dahl de lentilles,
presque rien ; boulgour aux légumes, la moitié.

Donc : changer le boulgour !

Amina"""),
    ]),
    ("jeunesse", "TR: Stage de hand pendant les vacances de février", [
        ("paul", None, """Je vous transmets, cela peut intéresser des familles.

-------- Message transféré --------
Sujet : Stage de hand pendant les vacances de février
Date : lundi 16 novembre 2026
De : Hand Club de l'Orne
Pour : les clubs amis

Le club organise un stage ouvert à tous, licenciés ou non, de 9 à 14 ans, du 16 au 20 février,
au gymnase Jean-Moulin. 45 euros la semaine, goûter compris. Inscriptions jusqu'au 31 janvier."""),
        ("amina", 0, """Merci Paul. Y a-t-il un tarif pour deux enfants ?

Amina"""),
    ]),
    ("vie-associative", "Salle Prévert : qui a les clés le dimanche ?", [
        ("sophie", None, """Bonjour,

Dimanche, nous sommes restés vingt minutes dehors avec soixante chaises : le boîtier à clés de
la salle Prévert n'a plus le bon code. Qui s'en occupe depuis le départ de Gérard ?

Sophie"""),
        ("mairie", 0, """Toutes nos excuses. Le code a changé le 1er novembre et l'information n'est pas partie. Il est
désormais donné avec la confirmation de réservation, et l'agent d'astreinte répond le week-end
au numéro affiché sur la porte.

Claire Vasseur"""),
        ("jean", 1, """Le numéro affiché sur la porte est celui d'avant...

J.-L."""),
        ("mairie", 2, """Affiche remplacée ce matin. Merci, Jean-Luc.

Claire Vasseur"""),
    ]),
    ("vie-associative", "Subventions 2027 : le dossier est plus court", [
        ("mairie", None, """Bonjour à tous les bureaux,

Le dossier de demande de subvention passe de onze à quatre pages. Date limite : le 31 janvier.
Nouveauté : les associations qui ont moins de 5 000 euros de budget n'ont plus à fournir de
bilan prévisionnel.

Une permanence d'aide aura lieu le samedi 12 décembre, de 10 h à midi, en mairie.

Claire Vasseur"""),
        ("lucie", 0, """Quatre pages ! Je n'ose y croire. Merci pour les petites associations.

Lucie (trésorière de la chorale)"""),
        ("karim", 0, """Bonjour, faut-il joindre de nouveau les statuts s'ils n'ont pas changé depuis l'an dernier ?

Karim"""),
        ("mairie", 2, """Non : une case à cocher suffit.

Claire Vasseur"""),
    ]),
]

STRANGER = ("Gilles Tanguy", "g.tanguy@ailleurs.example", "vie-associative", "Exposition de trains miniatures",
            """Bonjour,

Notre club de modélisme, à vingt kilomètres de chez vous, cherche une salle pour exposer son
réseau de trains les 6 et 7 juin. Une association de Saint-Aubin aimerait-elle s'y associer ?

Gilles Tanguy""")
