package reply

// french has the replies in French, without accents: an SMTP reply is ASCII.
var french = language{
	layout:   "02/01/2006 a 15:04",
	hour:     "h",
	hours:    "h",
	days:     "jours",
	managers: map[bool]string{false: "ses proprietaires", true: "ses moderateurs"}, //nolint:misspell // French
	texts: Config{
		Contact: "l'assistance de votre etablissement",
		MessageLimit: "Message refuse: il a {recipients} destinataires et votre limite est de {limit} par message. " +
			"Reduisez leur nombre, ou adressez-vous a {contact} (reference {ref}).",
		Unauthenticated: "Message refuse: identifiez-vous pour envoyer du courrier par ce serveur, " +
			"ou adressez-vous a {contact} (reference {ref}).",
		DirectoryUnavailable: "Message differe: votre droit d'ecrire a {recipients} destinataires ne peut pas etre verifie " +
			"pour le moment. Renvoyez-le dans quelques minutes, ou adressez-vous a {contact} (reference {ref}).",
		Window: "En {window} vous avez ecrit a {used} destinataires; avec les {recipients} de ce message, vous depasseriez " +
			"votre limite de {limit}. Reessayez a partir du {retry_at}, ou adressez-vous a {contact} (reference {ref}).",
		Concurrency: "Message differe: trop de vos messages sont en cours d'envoi en meme temps. " +
			"Renvoyez celui-ci dans quelques minutes, ou adressez-vous a {contact} (reference {ref}).",
		StoreUnavailable: "Message differe: vos envois ne peuvent pas etre comptes pour le moment. " +
			"Renvoyez-le dans quelques minutes, ou adressez-vous a {contact} (reference {ref}).",
		VisibleRecipients: "Message refuse: il montre {visible} adresses (A, Cc) a tous ses destinataires; la limite est de {limit}. " +
			"Mettez-les en copie cachee (Cci), ou ecrivez a une liste, ou adressez-vous a {contact} (reference {ref}).",
		ListConfig: ListConfig{
			ListPosting: "Message refuse: la liste {list} n'accepte que les messages de {managers}. Pour leur ecrire, utilisez " +
				"Repondre (et non Repondre a tous) sur un message de la liste, ou adressez-vous a {contact} (reference {ref}).",
			ListLogin: "Message refuse: la liste {list} n'accepte que les messages de {managers}, identifies sur le serveur de " +
				"l'etablissement. Si vous en etes, renvoyez-le depuis votre messagerie professionnelle; sinon, adressez-vous a {contact} (reference {ref}).",
			ListFrom: "Message refuse: pour ecrire a la liste {list}, l'expediteur du message doit etre " +
				"vous seul, avec votre adresse professionnelle. Corrigez-le, ou adressez-vous a {contact} (reference {ref}).",
			ListFromEnvelope: "Message refuse: votre compte de messagerie n'envoie pas avec votre adresse professionnelle. Mettez-la comme " +
				"expediteur dans ses reglages et renvoyez le message a {list}, ou adressez-vous a {contact} (reference {ref}).",
			ListFromMissing: "Message refuse: il n'a pas d'expediteur (De). Mettez votre adresse professionnelle dans les reglages de votre " +
				"compte et renvoyez-le a {list}, ou adressez-vous a {contact} (reference {ref}).",
			ListFromSeveral: "Message refuse: il a plusieurs expediteurs (De). N'en gardez qu'un, votre adresse professionnelle, " +
				"et renvoyez-le a {list}, ou adressez-vous a {contact} (reference {ref}).",
			ListFromMalformed: "Message refuse: son expediteur (De) est mal ecrit. Dans les reglages de votre compte, mettez un nom simple, " +
				"ou seulement votre adresse, et renvoyez-le a {list}, ou adressez-vous a {contact} (reference {ref}).",
			ListFromOther: "Message refuse: son expediteur (De) n'est pas votre adresse professionnelle. Choisissez-la comme expediteur " +
				"et renvoyez-le a {list}, ou adressez-vous a {contact} (reference {ref}).",
			ListFromName: "Message refuse: votre nom d'expediteur contient une adresse qui n'est pas la votre. Dans les reglages de votre " +
				"compte, ne mettez que votre nom, et renvoyez-le a {list}, ou adressez-vous a {contact} (reference {ref}).",
			ListFromEncoding: "Message refuse: votre nom d'expediteur est illisible. Dans les reglages de votre compte, ecrivez-le en lettres " +
				"simples, sans accents, et renvoyez le message a {list}, ou adressez-vous a {contact} (reference {ref}).",
			ListAutomatic: "Message refuse: la liste {list} ne recoit ni reponses automatiques, ni accuses de lecture, ni avis de non-remise. " +
				"Si vous l'avez ecrit vous-meme, adressez-vous a {contact} (reference {ref}).",
			ListHeader: "Message refuse: son en-tete a trop de champs Reply-To, Sender, Resent ou X-Sender. " +
				"Renvoyez-le sans eux, ou adressez-vous a {contact} (reference {ref}).",
			ListUnchecked: "Message refuse: la liste {list} ne recoit pas de messages par ce serveur, qui ne peut pas verifier " +
				"de qui ils viennent. Adressez-vous a {contact} (reference {ref}).",
			ListUnavailable: "Message differe: votre droit d'ecrire a {list} ne peut pas etre verifie pour le moment. " +
				"Renvoyez-le dans quelques minutes, ou adressez-vous a {contact} (reference {ref}).",
			ListLimit: "Message refuse: la liste {list} compte pour {members} destinataires et votre limite est de {limit}. " +
				"Pour lui ecrire, il faut une limite plus haute: adressez-vous a {contact} (reference {ref}).",
		},
	},
}
