# Own pages, French.

error-title = Erreur : { $title }
support-label = Besoin d’aide ?
account-label = Compte :
request-label = Numéro de la demande :
password-label = Mot de passe
code-label = Code
continue = Continuer
sign-in-again = Se reconnecter
your-account = Votre connexion
to-the-start = Aller à la page d’accueil

sign-in-title = Se connecter
sign-in-name = Nom d’utilisateur ou e-mail
sign-in-wrong = Le nom d’utilisateur ou le mot de passe est incorrect.
sign-in-forgotten = Mot de passe oublié ? Demandez-en un nouveau à un administrateur.

arrived-title = Votre navigateur n’a pas gardé la connexion
arrived-text = Vos données étaient exactes, mais le cookie qui vous garde connecté n’est pas revenu.
arrived-do = Autorisez les cookies pour ce site, ou utilisez une fenêtre qui les garde, puis reconnectez-vous.

gone-title = Cette connexion est terminée
gone-text = Elle a expiré, a été achevée dans un autre onglet, ou votre navigateur n’a pas envoyé son cookie.
gone-do = Reconnectez-vous. Si cette page revient, autorisez les cookies pour ce site.

ended-title = Trop de codes erronés
ended-text = Cette connexion a été arrêtée pour protéger le compte.
ended-do = Vérifiez que l’horloge de votre appareil se règle automatiquement, puis reconnectez-vous.

challenge-title = Saisissez votre code
challenge-step-up = Vous êtes connecté. Ce que vous voulez ouvrir demande un nouveau code.
challenge-lead = Ouvrez votre application d’authentification et saisissez les { $digits } chiffres qu’elle affiche pour ce compte.
challenge-time = Vous avez dix minutes. Ensuite, il faudra vous reconnecter.
challenge-lost-title = Vous avez perdu votre application d’authentification ?
challenge-lost-elsewhere = Un code de secours n’est pas accepté ici. Pour remplacer une application perdue, déconnectez-vous, puis reconnectez-vous avec l’un d’eux.
challenge-lost-reset = Demandez à un administrateur de réinitialiser votre authentification multifacteur. Vous la configurerez de nouveau à votre prochaine connexion.
challenge-lost-support = Si aucun administrateur ne peut vous aider, demandez à l’assistance :
code-wrong =
    { $left ->
        [one] Le code est incorrect. Il vous reste { $left } essai.
       *[other] Le code est incorrect. Il vous reste { $left } essais.
    }
code-used =
    { $left ->
        [one] Ce code a déjà servi. Attendez le code suivant. Il vous reste { $left } essai.
       *[other] Ce code a déjà servi. Attendez le code suivant. Il vous reste { $left } essais.
    }

set-up-title = Configurer l’authentification multifacteur
set-up-lead = Désormais, pour vous connecter, il faudra votre mot de passe et un code d’une application.
set-up-password-lead = Saisissez encore une fois votre mot de passe, pour que personne d’autre ne fasse cette configuration à votre place.
set-up-password-wrong = Le mot de passe est incorrect.
set-up-app-title = Procurez-vous une application d’authentification
set-up-apps = Les plus courantes sont Google Authenticator, Microsoft Authenticator, Authy, 1Password et Bitwarden. Toute application de codes temporels convient.
set-up-apps-computer = Les deux dernières fonctionnent aussi sur un ordinateur. L’application n’a besoin d’aucun réseau pour créer les codes.
set-up-scan-title = Scannez le code QR avec l’application
set-up-qr = Code QR ; sinon, utilisez la clé ci-dessous
set-up-key = Ou saisissez cette clé dans l’application :
set-up-open = Ou ouvrez-la dans une application de cet appareil
set-up-secret = Ne les montrez à personne. Ils ne sont affichés que jusqu’à la fin de la configuration.
set-up-confirm-title = Saisissez un code
set-up-confirm = Saisissez les { $digits } chiffres que l’application affiche maintenant.
set-up-button = Activer
set-up-next-title = Ce qui se passe ensuite
set-up-next = Dès que le code est bon, l’authentification multifacteur est activée et vous recevez des codes de secours à conserver ; ensuite vous continuez là où vous alliez. Les autres navigateurs où vous êtes connecté demanderont un code à leur prochaine requête.
set-up-time = Vous avez dix minutes. Ensuite, il faudra recommencer.
already-on-title = Déjà activée
already-on-text = L’authentification multifacteur est déjà activée. Désactivez-la d’abord pour la configurer de nouveau.
not-offered-title = Rien à configurer
not-offered-text = L’authentification multifacteur n’est pas proposée à votre compte pour le moment.

try-again = Réessayer
back = Retour
held-title = Trop d’essais
held-seconds =
    { $seconds ->
        [one] Rien n’a été vérifié. Réessayez dans { $seconds } seconde.
       *[other] Rien n’a été vérifié. Réessayez dans { $seconds } secondes.
    }
held-minutes =
    { $minutes ->
        [one] Rien n’a été vérifié. Réessayez dans { $minutes } minute.
       *[other] Rien n’a été vérifié. Réessayez dans { $minutes } minutes.
    }
held-do = L’attente s’allonge à chaque essai incorrect. Si ces essais ne viennent pas de vous, prévenez un administrateur.
locked-title = Verrouillé
locked-text = Trop de codes incorrects de suite : les codes de ce type ne sont plus vérifiés.
locked-do = Demandez à un administrateur de déverrouiller votre compte.

challenge-backup-title = Saisissez un code de secours
challenge-backup-lead = Saisissez l’un des codes de secours que vous avez conservés. Chacun sert une seule fois.
backup-code-label = Code de secours
challenge-use-backup = Utiliser un code de secours
challenge-use-app = Utiliser votre application d’authentification
remember-label =
    { $days ->
        [one] Ne plus demander de code dans ce navigateur pendant { $days } jour. Seulement sur un appareil qui est à vous.
       *[other] Ne plus demander de code dans ce navigateur pendant { $days } jours. Seulement sur un appareil qui est à vous.
    }
hint-clock-behind =
    { $minutes ->
        [one] L’horloge de votre appareil retarde d’environ { $minutes } minute. Réglez-la en automatique, puis saisissez un nouveau code.
       *[other] L’horloge de votre appareil retarde d’environ { $minutes } minutes. Réglez-la en automatique, puis saisissez un nouveau code.
    }
hint-clock-ahead =
    { $minutes ->
        [one] L’horloge de votre appareil avance d’environ { $minutes } minute. Réglez-la en automatique, puis saisissez un nouveau code.
       *[other] L’horloge de votre appareil avance d’environ { $minutes } minutes. Réglez-la en automatique, puis saisissez un nouveau code.
    }
hint-parameters = Votre application ignore ce que la clé demande ({ $asked }). Utilisez-en une autre.

enrol-code-lead = Pour votre compte, cette configuration demande un code à usage unique. Un administrateur vous le donne.
enrol-code-label = Code d’inscription
enrol-code-wrong = Le code est incorrect ou périmé. Demandez-en un nouveau à un administrateur.

codes-title = Conservez vos codes de secours
codes-lead = L’authentification multifacteur est activée. Si vous perdez votre application d’authentification, l’un de ces codes la remplace. Chacun sert une seule fois. Ils sont affichés maintenant, puis plus jamais.
codes-label = Vos codes de secours
codes-copy = Un clic sur les codes les sélectionne tous, pour les copier. Votre navigateur n’imprime de cette page que les codes. Gardez-les à l’écart de votre mot de passe.
codes-download = Télécharger les codes
codes-file = codes de secours de { $name }
codes-saved-label = J’ai conservé ces codes
codes-not-ticked = Conservez les codes et cochez la case, puis continuez.
codes-next = Vous continuez là où vous alliez. Vous avez dix minutes ; sans la case cochée, vous recevrez dix nouveaux codes après votre prochaine connexion avec votre application d’authentification.
codes-over-title = Ces codes ne sont plus affichés
codes-over-text = Les codes de secours sont affichés une seule fois. Si vous ne les avez pas conservés, créez-en de nouveaux.
codes-left =
    { $left ->
        [one] Il vous reste { $left } code de secours.
       *[other] Il vous reste { $left } codes de secours.
    }
codes-low = Créez-en bientôt de nouveaux.

new-codes-title = Créer de nouveaux codes de secours
new-codes-lead = Vous recevez dix nouveaux codes. Les anciens cessent aussitôt de fonctionner.
replace-title = Remplacer votre application d’authentification
replace-lead = Vous configurez une autre application d’authentification à la place de l’actuelle.
replace-next = Une fois la nouvelle confirmée, l’ancienne cesse de fonctionner, vous êtes déconnecté partout ailleurs et aucun navigateur n’est plus reconnu. Vos codes de secours restent les mêmes.
disable-title = Désactiver l’authentification multifacteur
disable-lead = Votre mot de passe suffira pour vous connecter. Votre application d’authentification et vos codes de secours cessent de fonctionner, vous êtes déconnecté partout ailleurs et aucun navigateur n’est plus reconnu.
disable-next = Votre organisation peut vous demander aussitôt de la configurer de nouveau.
change-code-lead = Saisissez les { $digits } chiffres que votre application d’authentification affiche maintenant.
change-password-lead = Saisissez encore une fois votre mot de passe.
change-code-wrong = Le code est incorrect.
change-code-used = Ce code a déjà servi. Attendez le code suivant.
refused-title = Pas dans cette session
refused-codes = Vous vous êtes connecté avec un code de secours. Configurez d’abord une nouvelle application d’authentification, ou connectez-vous avec l’actuelle ; vous pourrez alors créer de nouveaux codes.
refused-late = Vous vous êtes connecté avec un code de secours il y a plus de 15 minutes. Reconnectez-vous pour faire cela.
refused-disable = Vous vous êtes connecté avec un code de secours, ce qui ne permet pas de la désactiver. Remplacez votre application d’authentification ou demandez à un administrateur.
not-on-title = Non activée
not-on-text = L’authentification multifacteur n’est pas activée pour votre compte.

index-by-backup = Vous vous êtes connecté avec un code de secours. Il ne peut plus servir.
index-lost = Vous avez perdu votre application d’authentification ? Pendant 15 minutes après la connexion, votre mot de passe suffit pour la remplacer.
index-changes = Modifications

index-title = Votre connexion
index-mfa-on = L’authentification multifacteur est activée.
index-mfa-off = L’authentification multifacteur n’est pas activée.
sign-out-title = Se déconnecter
sign-out-here = Se déconnecter ici
sign-out-here-note = Met fin à votre connexion dans ce navigateur.
sign-out-everywhere = Se déconnecter partout
sign-out-everywhere-note = Met fin à votre connexion dans tous les navigateurs et sur tous les appareils.
signed-out-title = Vous êtes déconnecté
signed-out-text = Personne n’est connecté à ce site dans ce navigateur.

denied-title = Vous ne pouvez pas ouvrir ceci
denied-rule = La règle « { $rule } » le refuse.
denied-default = Aucune règle ne l’autorise.
denied-exempt = Un second facteur est demandé, et votre compte est exempté de l’authentification multifacteur.
denied-method = Seuls sont acceptés des seconds facteurs que vous n’avez pas, ou que vous avez épuisés.
denied-method-do = La page de votre compte montre ce que vous avez et crée de nouveaux codes de secours.
denied-origin = La demande ne venait pas d’une page de ce site.
denied-do = Si vous en avez besoin, adressez-vous à un administrateur en indiquant la règle et le numéro de la demande.

fault-title = Les connexions ne peuvent pas être vérifiées en ce moment
fault-text = Le défaut est de notre côté. Rien n’est passé, et vous restez connecté.
fault-do = Réessayez dans quelques secondes.

status-400-title = La demande n’a pas pu être comprise
status-400-text = Revenez en arrière, rechargez la page et recommencez.
status-403-title = Pas depuis cet endroit
status-403-text = Cette page ne répond que si vous l’ouvrez vous-même, et ses formulaires que s’ils sont envoyés depuis elle. Revenez en arrière, rechargez la page et recommencez.
status-404-title = Cette page n’existe pas
status-404-text = Vérifiez l’adresse ou allez à la page d’accueil.
status-405-title = Cela ne fonctionne pas ici
status-405-text = Cette adresse n’accepte pas ce type de demande.
status-413-title = Trop volumineux
status-413-text = Ce qui a été envoyé est plus grand que ce qui est accepté ici.
status-415-title = Ce n’est pas un formulaire
status-415-text = La page n’accepte que son propre formulaire.
status-502-title = L’application est injoignable
status-502-text = Vous restez connecté. Réessayez dans quelques minutes.
status-504-title = L’application n’a pas répondu à temps
status-504-text = Vous restez connecté. Réessayez dans quelques minutes.

form-kept = Ce que vous avez envoyé est gardé dix minutes. Une fois connecté, vous le voyez et décidez s’il est envoyé.
form-too-large = Ce que vous avez envoyé n’a pas été gardé : il dépasse 256 Ko. Revenez en arrière et copiez ce qu’il vous faut avant de vous connecter.
form-kind = Ce que vous avez envoyé n’a pas été gardé : ce type de formulaire ne peut pas l’être. Revenez en arrière et copiez ce qu’il vous faut avant de vous connecter.
form-elsewhere = Ce qui a été envoyé ici n’a pas été gardé : cela ne venait pas d’une page de ce site. Recommencez là-bas après vous être connecté.
form-too-many = Ce que vous avez envoyé n’a pas été gardé : quatre formulaires attendent déjà dans ce navigateur ou depuis votre réseau. Revenez en arrière et copiez ce qu’il vous faut avant de vous connecter.
form-full = Ce que vous avez envoyé n’a pas été gardé : il n’y a plus de place pour le moment. Revenez en arrière et copiez ce qu’il vous faut avant de vous connecter.
form-failed = Ce que vous avez envoyé n’a pas pu être gardé ; la faute est de notre côté. Revenez en arrière et copiez ce qu’il vous faut avant de vous connecter.
form-title = Envoyer le formulaire ?
form-lead = Vous avez envoyé ce formulaire avant que la connexion ou un code ne soient demandés. Il n’a pas encore été transmis. Vérifiez-le, puis envoyez-le.
form-to = Destination :
form-empty = Le formulaire n’a aucun champ.
form-hidden = non affiché
form-bytes =
    { $bytes ->
        [one] { $bytes } octet
       *[other] { $bytes } octets
    }
form-more =
    { $more ->
        [one] { $more } autre champ est envoyé sans être affiché ici.
       *[other] { $more } autres champs sont envoyés sans être affichés ici.
    }
form-unread =
    { $bytes ->
        [one] Ses champs ne peuvent pas être affichés ; il contient { $bytes } octet.
       *[other] Ses champs ne peuvent pas être affichés ; il contient { $bytes } octets.
    }
form-send = Envoyer
form-discard = Ne pas envoyer
form-time = Il est envoyé une seule fois. Dix minutes après que vous l’avez rempli, il est supprimé.
form-gone-title = Il n’y a rien à envoyer
form-gone-text = Le formulaire a déjà été envoyé, ne devait pas l’être, ou ses dix minutes sont écoulées. Il n’est pas envoyé de nouveau.
form-gone-do = En cas de doute, vérifiez dans l’application s’il est arrivé.
form-other-title = Le formulaire n’a pas été envoyé
form-other-text = Une autre personne l’a rempli. Il a été supprimé et personne ne l’a vu.
form-not-sent-title = Le formulaire n’a pas encore été envoyé
form-again-text = Vous vous êtes reconnecté depuis l’ouverture de la page. Regardez encore une fois le formulaire, puis envoyez-le.
form-waits-text = L’application est injoignable. Le formulaire est toujours gardé ; réessayez dans une minute.
form-see = Voir le formulaire
form-unsure-title = L’application n’a pas répondu
form-unsure-text = Le formulaire a été transmis, mais aucune réponse correcte n’est venue. Vérifiez dans l’application s’il est arrivé avant de le remplir de nouveau. Il n’est pas envoyé une seconde fois.
form-waiting = Un formulaire que vous avez rempli attend d’être envoyé.
